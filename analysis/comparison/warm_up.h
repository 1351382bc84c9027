#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace benchd::analysis {

/// How a run came to its steady state, from the times of its tasks in their order.
struct WarmUp {
  uint64_t tasks = 0;  ///< before the steady state; 0: it is steady from its first task on
  double steady = 0;   ///< seconds a task, median of those since
  double lost = 0;     ///< seconds that the tasks before took beyond that; negative where they were faster
};

/// Fewer tasks than that are no steady state.
inline constexpr uint64_t kFewestSteady = 20;

/// The steady state begins behind the last change point. Pettitt's test (1979, Applied Statistics 28:126; ranks, so
/// that outliers do not matter) at 1 % tells that there is one, the largest difference of means where; what follows it
/// is looked at again, as long as the medians of the two sides differ by 1 %. Nothing where changes go on until fewer
/// than kFewestSteady tasks, or a fifth of them, are left: the run has no steady state. (Of VM and benchmark pairs at
/// most 43.5 % have one, Barrett et al. 2017: label, never drop.)
std::optional<WarmUp> warm_up(std::span<const double> task_times);

/// What a variant costs: seconds once a start, and seconds a task.
struct Pace {
  double start_up;
  double task;
};

/// The number of tasks from which on the one that is slower to start is ahead; nothing where one is ahead always.
std::optional<double> break_even(const Pace& a, const Pace& b);

}  // namespace benchd::analysis
