#pragma once

#include <vector>

#include "base/clock.h"
#include "model/task.h"
#include "model/task_window.h"

namespace benchd::analysis {

/// What a window needs of a container's totals at its beginning.
struct TaskMark {
  struct Sums {
    uint64_t tasks = 0;
    uint64_t timed = 0;
    uint64_t duration_ns = 0;
    model::TaskCost cost;
  };
  base::Instant at = 0;
  std::vector<Sums> sums;  ///< by a number for each key
  model::Usage residual;
  uint64_t coarse = 0;
  uint64_t late = 0;
  uint64_t losses = 0;
};

/// The window between two marks of one container, `to` the later one. `keys` by number; those that `from` has not yet
/// were at 0.
model::TaskWindow window_between(const TaskMark& from, const TaskMark& to, const std::vector<model::TaskKey>& keys);

}  // namespace benchd::analysis
