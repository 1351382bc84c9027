#pragma once

#include "base/door.h"

namespace benchd::kernel {

/// Loads the BPF programs, chooses what this kernel's own type information (BTF) calls for, and attaches them: the only
/// step that needs CAP_BPF and CAP_PERFMON. Errors: EPERM without them, ENOENT without BTF, EINVAL and others as the
/// kernel's verifier has it, with its last words.
/// `cpus`: room for that many cpus in each row where the machine has fewer, so that tests can have wide rows.
base::Result<base::KernelHandles> load_programs(uint32_t cpus = 0);

}  // namespace benchd::kernel
