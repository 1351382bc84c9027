#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/cpu_set.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/result.h"
#include "collectors/kernel/proc_thread.h"
#include "collectors/kernel/thread_source.h"
#include "collectors/kernel/totals.h"

namespace benchd::kernel {

struct EstimatorCounts {
  uint64_t looks = 0;       ///< at threads
  uint64_t ended = 0;       ///< threads that ended: what each did since the last look at it is missed
  uint64_t unreadable = 0;  ///< looks that failed though the thread was there
};

/// Time per cpu and thread states without any right and any BPF, estimated from looks at each thread of a container:
/// what it did since the last look is charged to the cpu where it was last seen. What is wrong in it:
/// - of a thread that moves, the cpu; of a wait for a cpu that is not over, the state (blocked till then);
/// - of threads that end, what they did since the last look at them is missed, a thread that lived between two looks
///   wholly. cpu.stat has it; EstimatorCounts::ended says how often;
/// - a thread that was moved is charged, from its last look on, to where it is found now.
/// A thread is charged to the containers where it is found: one in a nested cgroup also to those above. Its first look
/// charges its life so far if it was made after the container was first seen here, or up to a second before that (an
/// engine makes the first process of a container before the cgroup); else that look only begins the count.
///
/// Costs 2.2–2.6 µs a thread that slept and 8–10 µs a thread that ran (bench_threads); no more than a twentieth of one
/// cpu: where there are more threads (5,000 running ones, looked at each second), looks come less often. One thread.
/// Allocates only when threads and containers come and go.
class ThreadEstimator : public ThreadSource {
 public:
  using Clock = std::function<base::Instant()>;

  /// `proc`: the proc mount. `online`: the cpus that a container without a cpuset may use. Errors: no schedstat files
  /// there (CONFIG_SCHED_INFO), or other users' processes are hidden (hidepid).
  static base::Result<std::unique_ptr<ThreadEstimator>> make(const std::string& proc, const base::CpuSet& online,
                                                             Clock clock = base::now);

  void started(uint64_t cgroup_id, int directory, ShownBefore before) override;
  void ended(uint64_t cgroup_id) override;
  void look_at_threads() override;
  std::optional<base::Instant> last_awake(uint64_t) const override { return std::nullopt; }
  void look_at_cpus() override {}
  /// Looks at the threads itself.
  void read(uint64_t cgroup_id, model::Reading& reading) override;
  bool needs_cpus_before() const override { return true; }
  bool knows_threads() const override { return true; }
  const model::CollectorStatus& status() const override { return health_; }

  const EstimatorCounts& counts() const { return counts_; }

 private:
  struct Container {
    int directory = -1;
    model::ThreadTimes before;
    base::Instant charges_from = 0;  ///< threads made later are charged from their birth
    thread_times sums{};
    std::vector<uint64_t> by_cpu;
    uint64_t alive_threads = 0;
  };
  /// One thread of any container. Containers inside each other both find it: the first one that does in a round has it
  /// looked at, and each is charged what it grew by in that round.
  struct Thread {
    base::Instant start = -1;  ///< -1: not looked at yet
    uint32_t cpu = 0;
    ThreadSchedstat last;
    base::Instant looked_at = 0;
    uint64_t round = 0;
    bool is_new = false;  ///< in that round; what it grew by is its whole life
    ThreadSchedstat grown;
    uint64_t grown_alive = 0;
  };
  enum class Look : uint8_t { Good, Gone, Unreadable };

  ThreadEstimator(base::Fd proc, const base::CpuSet& online, Clock clock);

  void look_at_cgroup(Container& container, int directory, int depth);
  void look_at_thread(Container& container, uint32_t tid);
  Look look(uint32_t tid, Thread& thread);
  base::FileText read_text(const std::array<char, 64>& name);

  const base::Fd proc_;
  const base::CpuSet online_;
  const Clock clock_;
  const size_t cpus_;      ///< in each container's by_cpu at first; others may come online
  const int64_t tick_ns_;  ///< unit of a thread's start
  std::unordered_map<uint64_t, Container> containers_;
  std::unordered_map<uint32_t, Thread> threads_;  ///< by tid
  uint64_t round_ = 0;
  bool looks_ = false;  ///< in this round
  base::Instant begin_ = 0;
  base::Instant spent_ = 0;  ///< in this round
  bool well_ = true;         ///< in this round
  base::ReadBuffer list_;
  base::ReadBuffer text_{4096};
  EstimatorCounts counts_;
  model::CollectorStatus health_{.collector = "kernel"};
};

}  // namespace benchd::kernel
