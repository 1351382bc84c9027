#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include <sys/types.h>

#include "base/clock.h"

namespace benchd::kernel {

/// Looks at threads by the numbers that the processes of one container know them by: those of the innermost pid
/// namespace (NSpid in /proc/TID/status, proc(5)). Needs no right. One thread.
class ContainerThreads {
 public:
  /// The proc mount, and the container's directory below the cgroup2 mount.
  ContainerThreads(std::string proc, std::string cgroup);

  struct Time {
    pid_t tid = 0;         ///< as the host knows it
    uint64_t started = 0;  ///< with it: which thread, although numbers are given again
    uint64_t cpu_ns = 0;   ///< time on cpus since it was made, by the scheduler's account
    int64_t behind = 0;    ///< it may be by so much: a tick of the kernel, where another thread's time has to be read
    base::Instant at = 0;
  };

  /// Of the thread with this number. Nothing where there is none, where two have it (a namespace within the
  /// container's), or for threads of cgroups below the container's.
  std::optional<Time> thread(int64_t number);

  /// Of a process that has one thread; nothing for another. Exact: the clock of a process may be read by all
  /// (clock_getcpuclockid(3)), that of a thread by its own process alone.
  std::optional<Time> process(int64_t number);

 private:
  struct Known {
    pid_t tid = 0;  ///< 0: several threads have that number
    uint64_t started = 0;
  };
  void search();
  std::optional<Time> read(const Known& known) const;

  const std::string proc_;
  const std::string cgroup_;
  std::unordered_map<int64_t, Known> known_;
  base::Instant next_search_ = 0;
};

/// The last number of the line NSpid in /proc/TID/status.
std::optional<int64_t> parse_innermost_id(std::string_view status);

}  // namespace benchd::kernel
