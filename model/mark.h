#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "model/reading.h"

namespace benchd::model {

/// Where a container stands with its run: populated → empty. Stored as a number: never renumber.
enum class RunState : uint8_t { NotYet = 0, Going = 1, Over = 2 };

/// How far one container's counters are in the books: its counters at its last reading, and its runs. All of it is in
/// the totals of its workload once that is known, and none of it before. Kept in the ledger by boot id and cgroup id,
/// so that a restart of benchd goes on here.
struct Mark {
  uint64_t cgroup_id = 0;
  int64_t workload = 0;  ///< its number in the ledger; 0 = not known yet
  base::Instant at = 0;  ///< of the last reading
  uint64_t cpu_usec = 0;
  uint64_t io_read_bytes = 0;  ///< summed over devices
  uint64_t io_written_bytes = 0;
  std::optional<ThreadTimes> threads;  ///< all of them: what benchd counts itself goes on here after its restart
  /// Likewise, of Reading::threads_estimated: never in a workload's totals. Only the three states.
  std::optional<ThreadTimes> threads_estimated;
  uint64_t runs = 0;
  uint64_t failures = 0;
  RunState run = RunState::NotYet;
  bool run_failed = false;  ///< this run's failure is counted; it may become known long after the end

  friend bool operator==(const Mark&, const Mark&) = default;
};

}  // namespace benchd::model
