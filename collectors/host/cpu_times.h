#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/host.h"

namespace benchd::host {

/// One "cpuN" line of /proc/stat (Documentation/filesystems/proc.rst, 1.7): user nice system idle iowait irq softirq
/// steal guest guest_nice, in ticks.
struct CpuLine {
  uint32_t cpu = 0;
  std::array<uint64_t, 10> ticks{};
};

/// Nothing for another line, the sum line "cpu " among them.
std::optional<CpuLine> parse_cpu_line(std::string_view line);

/// Keeps the time counters of cpus from falling. The kernel's own do fall: iowait "will decrease in certain conditions"
/// (proc.rst), because a sleeping cpu's current pause counts as iowait or as idle by whether a task waits for IO just
/// now (kernel/time/tick-sched.c, get_cpu_iowait_time_us), so idle falls as well; both began anew at 0 when a cpu came
/// back online before 6.8 (commit 71fee48fb772). The first is held until the kernel has caught up, on the second the
/// count goes on where it stopped.
class CpuTimes {
 public:
  /// `tick_ns`: 10^9 / USER_HZ.
  explicit CpuTimes(uint64_t tick_ns) : tick_ns_(tick_ns) {}

  /// Brings `cpus` up to the text of /proc/stat: those that vanished are taken out, new ones put in, the others keep
  /// what else they hold. True if the set changed.
  bool update(std::string_view stat, base::Instant now, std::vector<model::HostCpu>& cpus);

 private:
  struct Kept {
    uint64_t raw = 0;
    uint64_t offset = 0;
    uint64_t shown = 0;
  };

  uint64_t hold(Kept& kept, uint64_t raw, uint64_t elapsed) const;
  void set_times(const CpuLine& line, base::Instant now, model::HostCpu& cpu);

  uint64_t tick_ns_;
  base::Instant last_ = 0;
  std::vector<std::array<Kept, 10>> kept_;  ///< by cpu, offline ones too
};

}  // namespace benchd::host
