#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/fd.h"
#include "daemon/campaign/cgroups/run_cgroup.h"

namespace benchd::campaign {

/// What a quota takes from a container. A cgroup's throttled time is of its own quota only (kernel/sched/core.c,
/// cpu_cfs_stat_show), and a container's is on the cgroup that the runtime made and removes at once when it has ended:
/// its cpu.stat is kept open, and read when its last process has gone.
class QuotaWatch {
 public:
  /// Looks for cgroups with a quota below `parent`, once the runtime has set them up.
  void open(const RunCgroup& parent);
  /// Microseconds; nothing where a quota was there and the runtime was faster, or there was none.
  std::optional<uint64_t> throttled_usec() const;

 private:
  std::vector<base::Fd> stats_;
};

}  // namespace benchd::campaign
