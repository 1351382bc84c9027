#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "model/task.h"

namespace benchd::model {

/// The tasks of one key within a window. A quotient is absent where there is nothing to divide by.
struct TaskRates {
  TaskKey key;
  uint64_t tasks = 0;
  double per_second = 0;
  std::optional<double> mean_seconds;  ///< of those whose duration is known
  double in_flight = 0;                ///< mean over the window; a task that began before it counts whole
  uint64_t costed = 0;       ///< tasks whose cost became known: a little later than they are counted themselves
  uint64_t apportioned = 0;  ///< of the costed: they were not alone, their cost is a share

  /// Of one costed task: CPU seconds, thread-seconds and bytes.
  struct Cost {
    double cpu_seconds = 0;
    double on_cpu_seconds = 0;
    double runnable_seconds = 0;
    double blocked_seconds = 0;
    double io_read_bytes = 0;
    double io_written_bytes = 0;
  };
  std::optional<Cost> cost;
};

/// What the tasks of one container, or of the host, were like lately.
struct TaskWindow {
  uint64_t cgroup_id = 0;  ///< 0: the host
  base::Instant from = 0;
  base::Instant to = 0;
  std::vector<TaskRates> tasks;  ///< all keys, also those without a task in the window
  Usage residual;                ///< used while no task was in flight
  uint64_t coarse = 0;           ///< lines whose time is that of a flush: times and costs are blurred by as much
  uint64_t late = 0;             ///< lines that told of a time before what was told already
  uint64_t losses = 0;           ///< times that something was lost: the counts are too low
};

}  // namespace benchd::model
