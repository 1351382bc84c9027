#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace benchd::kernel {

/// /proc/TID/schedstat, what one thread did since it was made: "on_cpu runnable stretches", the first two in
/// nanoseconds (Documentation/scheduler/sched-stats.rst). A wait for a cpu is in it when it has ended; time on a cpu
/// up to the last tick.
struct ThreadSchedstat {
  uint64_t on_cpu = 0;
  uint64_t runnable = 0;
  uint64_t stretches = 0;

  friend bool operator==(const ThreadSchedstat&, const ThreadSchedstat&) = default;
};
std::optional<ThreadSchedstat> parse_schedstat(std::string_view text);

/// Of /proc/TID/task/TID/stat (proc_pid_stat(5)). Tells a thread from a later one with the same number.
struct ThreadStat {
  uint64_t start = 0;  ///< field 22: clock ticks (1/_SC_CLK_TCK s) since boot, suspend included
  uint32_t cpu = 0;    ///< field 39: where it runs or ran last
};
std::optional<ThreadStat> parse_thread_stat(std::string_view text);

}  // namespace benchd::kernel
