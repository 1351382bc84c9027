#include "analysis/task_window.h"

namespace benchd::analysis {
namespace {

using model::TaskCost;
using model::TaskRates;
using model::Usage;

constexpr double kSecond = 1e9;

/// A total of before benchd's restart was may be larger than one after it: then nothing is known to have grown.
uint64_t growth(uint64_t from, uint64_t to) {
  return to > from ? to - from : 0;
}

double seconds(uint64_t nanoseconds) {
  return static_cast<double>(nanoseconds) / kSecond;
}

TaskRates::Cost cost_of_one(const TaskCost& from, const TaskCost& to) {
  const auto tasks = static_cast<double>(growth(from.tasks, to.tasks));
  const auto each = [&](uint64_t Usage::*field) {
    return static_cast<double>(growth(from.used.*field, to.used.*field)) / tasks;
  };
  return {.cpu_seconds = each(&Usage::cpu_ns) / kSecond,
          .on_cpu_seconds = each(&Usage::on_cpu_ns) / kSecond,
          .runnable_seconds = each(&Usage::runnable_ns) / kSecond,
          .blocked_seconds = each(&Usage::blocked_ns) / kSecond,
          .io_read_bytes = each(&Usage::io_read_bytes),
          .io_written_bytes = each(&Usage::io_written_bytes)};
}

TaskRates rates_between(const TaskMark::Sums& from, const TaskMark::Sums& to, double length) {
  TaskRates rates{.tasks = growth(from.tasks, to.tasks),
                  .costed = growth(from.cost.tasks, to.cost.tasks),
                  .apportioned = growth(from.cost.apportioned, to.cost.apportioned)};
  const double duration = seconds(growth(from.duration_ns, to.duration_ns));
  rates.per_second = static_cast<double>(rates.tasks) / length;
  rates.in_flight = duration / length;
  if (const uint64_t timed = growth(from.timed, to.timed); timed > 0)
    rates.mean_seconds = duration / static_cast<double>(timed);
  if (rates.costed > 0) rates.cost = cost_of_one(from.cost, to.cost);
  return rates;
}

}  // namespace

model::TaskWindow window_between(const TaskMark& from, const TaskMark& to, const std::vector<model::TaskKey>& keys) {
  model::TaskWindow window{.from = from.at,
                           .to = to.at,
                           .coarse = growth(from.coarse, to.coarse),
                           .late = growth(from.late, to.late),
                           .losses = growth(from.losses, to.losses)};
  for (const auto field : {&Usage::cpu_ns, &Usage::on_cpu_ns, &Usage::runnable_ns, &Usage::blocked_ns,
                           &Usage::io_read_bytes, &Usage::io_written_bytes})
    window.residual.*field = growth(from.residual.*field, to.residual.*field);
  const double length = static_cast<double>(to.at - from.at) / kSecond;
  if (length <= 0) return window;
  for (size_t i = 0; i < to.sums.size(); ++i) {
    const TaskMark::Sums before = i < from.sums.size() ? from.sums[i] : TaskMark::Sums();
    window.tasks.push_back(rates_between(before, to.sums[i], length));
    window.tasks.back().key = keys[i];
  }
  return window;
}

}  // namespace benchd::analysis
