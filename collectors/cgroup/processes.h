#pragma once

#include <cstdint>

#include "base/file.h"

namespace benchd::cgroup {

/// How many processes there are, or the errno that kept the cgroup's own list from being read.
struct ProcessCount {
  int error = 0;
  uint64_t processes = 0;
};

/// Counts the processes of the cgroup behind `directory` and, if `subtree`, of all cgroups below it: cgroup.procs lists
/// only the direct members. A threaded cgroup refuses the list (EOPNOTSUPP): below another one its processes stand in
/// the list of the domain above, so nothing is missing. Cgroups more than 64 levels below are left out.
ProcessCount count_processes(int directory, bool subtree, base::ReadBuffer& buffer);

}  // namespace benchd::cgroup
