#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "collectors/kernel/programs/records.h"
#include "model/reading.h"

namespace benchd::kernel {

thread_times& operator+=(thread_times& sum, const thread_times& more);

/// What cgroups used in their whole life, by their own tasks.
struct CpuTotals {
  std::vector<uint64_t> by_cpu;  ///< nanoseconds; empty = none
  uint64_t user = 0;             ///< nanoseconds, sampled at the kernel's ticks, as is
  uint64_t system = 0;

  CpuTotals& operator+=(const CpuTotals& other);
  /// What this has more than `other`, which is earlier.
  CpuTotals operator-(const CpuTotals& other) const;
  uint64_t sum() const;
};

/// The last that the kernel had to say of a cgroup and all that ever was below it.
struct Final {
  base::Instant at = 0;
  CpuTotals cpu;
  thread_times threads{};             ///< since the programs were attached
  model::ThreadTimes threads_before;  ///< what an earlier benchd had shown
  bool knows_threads = true;
  bool knows_disk_waits = false;
  std::optional<uint64_t> memory_peak;  ///< bytes; absent where the memory controller was not enabled
  std::array<uint64_t, BENCHD_MEMORY_EVENTS> memory_events{};  ///< valid with memory_peak
  std::array<uint64_t, BENCHD_MEMORY_EVENTS> memory_events_local{};
};

/// Writes into a container's reading what is now known of its end. Nothing that it already shows falls.
void apply(const Final& final, model::Reading& reading);

/// Brings `threads` up to `sums`, which began at `base`. Blocked is what is left of the time alive; since the kernel
/// adds the wait for a cpu only when it ends, a wait under way counts as blocked for a moment: what was shown stays.
/// Waits for disks are of another of its clocks, some microseconds longer each: never more than blocked.
void show(const thread_times& sums, const model::ThreadTimes& base, bool knows_disk_waits,
          std::optional<model::ThreadTimes>& threads);

/// Adds to `by_cpu` (nanoseconds, index = cpu) what is `lost` of it, and before that what it lacks of `shown_before` to
/// what is lost.
void go_on(const std::vector<model::CpuTime>& shown_before, std::vector<uint64_t>& lost, std::vector<uint64_t>& by_cpu);

/// Brings `cpus` up to `by_cpu` (nanoseconds, index = cpu). A cpu enters with its first time, or with none if it is in
/// `effective`; nothing falls and nothing leaves.
void show(const std::vector<uint64_t>& by_cpu, const base::CpuSet& effective, std::vector<model::CpuTime>& cpus);

/// Brings `cpu_unattributed` up to what `cpus` lack of the usage, which is read a moment before them: a lack under a
/// microsecond is rounding, and nothing falls.
void show_unattributed(model::Reading& reading);

}  // namespace benchd::kernel
