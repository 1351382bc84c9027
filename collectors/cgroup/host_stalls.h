#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/fd.h"
#include "base/file.h"
#include "model/field.h"

namespace benchd::cgroup {

/// Files of every cgroup that move only when the host's own counterpart does: a task that waits for IO or memory in
/// some cgroup waits on the host too (psi_group_change in kernel/sched/psi.c goes from the cgroup up to psi_system).
inline constexpr std::array kStallFiles{model::File::IoPressure, model::File::MemoryPressure};

/// By place in kStallFiles, a number for each state of the host's total; 0 = not known.
using StallTurns = std::array<uint64_t, kStallFiles.size()>;

/// Says whether anything on the host has waited for IO or memory since it was last asked: on most hosts nothing has,
/// and two files are read instead of two for each container. The kernel counts no wait in a period in which a cpu was
/// busy for less than a jiffy, and the host's periods are not a container's: so much may stand in a container's file
/// and not in the host's, and whoever goes by this still looks at the files now and then.
class HostStalls {
 public:
  explicit HostStalls(const std::string& directory = "/proc/pressure");

  /// Ahead of the files that it speaks for. Not known: the kernel keeps no pressure, or its files are out of reach.
  void look(base::ReadBuffer& buffer);

  /// Equal in two looks = nothing has waited from the first to the second.
  const StallTurns& turns() const { return turns_; }

 private:
  std::array<base::Fd, kStallFiles.size()> files_;
  std::array<std::optional<uint64_t>, kStallFiles.size()> totals_;
  StallTurns turns_{};
  uint64_t newest_ = 0;
};

}  // namespace benchd::cgroup
