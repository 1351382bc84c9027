#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "model/reading.h"
#include "model/status.h"

namespace benchd::kernel {

/// What an earlier benchd had shown of a container, where that is not the kernel's to remember.
struct ShownBefore {
  model::ThreadTimes threads;
  std::vector<model::CpuTime> cpus;  ///< by cpu
};

/// Where time per cpu and thread states of containers come from. One thread.
class ThreadSource {
 public:
  ThreadSource() = default;
  ThreadSource(const ThreadSource&) = delete;
  ThreadSource& operator=(const ThreadSource&) = delete;
  virtual ~ThreadSource() = default;

  /// A container to be read. `directory`: an open fd of its cgroup, as long as it is known here. Nothing happens if it
  /// is known.
  virtual void started(uint64_t cgroup_id, int directory, ShownBefore before) = 0;
  /// It will not be read any more.
  virtual void ended(uint64_t cgroup_id) = 0;

  /// Begins a round, ahead of the containers' files: the threads' times that are read next are as of now.
  virtual void look_at_threads() = 0;

  /// As of look_at_threads(): since then no thread of the container, or of a cgroup below, has run or waited for a cpu,
  /// nor come or gone; the instant of the look itself where one has just. What was read of it later than kSettles after
  /// that has not changed by anything that threads do on a cpu. Nothing = not known.
  virtual std::optional<base::Instant> last_awake(uint64_t cgroup_id) const = 0;

  /// A thread's last steps are told only when the kernel frees it, some RCU grace periods after it has taken them.
  static constexpr base::Instant kSettles = 100 * base::kMillisecond;

  /// The time per cpu that is read next is as of now. After the containers' files: from 6.6 on the kernel's sums per
  /// cpu are as of the last look at cpu.stat.
  virtual void look_at_cpus() = 0;

  /// Sets `cpus` of the reading, and `threads` where they are known, and whether they are estimated. Nothing for a
  /// container not known. What the reading shows already never falls.
  virtual void read(uint64_t cgroup_id, model::Reading& reading) = 0;

  /// Whether time per cpu is what this process knows, so that a later one has to be told of it.
  virtual bool needs_cpus_before() const = 0;

  /// The same for the whole life. Where not, what an earlier process showed of them is no beginning.
  virtual bool knows_threads() const = 0;

  /// collector "kernel", the duration that of the last round.
  virtual const model::CollectorStatus& status() const = 0;
};

}  // namespace benchd::kernel
