#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/cpu_set.h"
#include "base/file.h"
#include "collectors/host/cpu_sysfs.h"
#include "collectors/host/host_collector.h"
#include "collectors/host/kept_file.h"
#include "daemon/campaign/definition/definition.h"
#include "model/run_record.h"

namespace benchd::campaign {

/// What on this host makes runs differ, in plain words with what to do about it; asked before a campaign.
std::vector<std::string> noise_warnings(const model::HostFacts& facts, const host::HostRoots& roots);

/// Looks at the host before and after each run for what came from outside it.
class NoiseMeter {
 public:
  NoiseMeter(const ExclusionRule& rule, const host::HostRoots& roots);

  /// Just before a run that may use `cpus`; none: all.
  void begin(const base::CpuSet& cpus);
  /// Just after it: the cause for which the rule leaves it out, or nothing. Looks at the run's CPU time, never at a
  /// measure of it: of a run that is long enough to be told apart from the kernel's ticks (10 ms).
  std::string end(uint64_t run_cpu_usec);

 private:
  struct Times {
    uint64_t cpus = 0;
    uint64_t all_ns = 0;  ///< busy, idle and stolen
    uint64_t busy_ns = 0;
    uint64_t steal_ns = 0;
    uint64_t throttled = 0;  ///< clock cuts by heat
  };
  Times look();

  ExclusionRule rule_;
  host::KeptFile stat_;
  host::CpuSysfs sysfs_;
  bool tells_heat_ = true;
  uint64_t tick_ns_;
  base::ReadBuffer buffer_;
  base::CpuSet cpus_;
  Times before_;
};

}  // namespace benchd::campaign
