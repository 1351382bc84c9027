#include "analysis/comparison/run_values.h"

#include <algorithm>
#include <array>

#include "analysis/durations.h"

namespace benchd::analysis {
namespace {

using model::Measure;
using model::MeasuredValues;

constexpr double kNanosecond = 1e-9;
constexpr double kMicrosecond = 1e-6;

struct Percentile {
  Measure measure;
  double share;
  uint64_t tasks;  ///< that it wants: 10/(1-share)
};
constexpr std::array kPercentiles = {Percentile{Measure::P50TaskTime, 0.5, 20},
                                     Percentile{Measure::P95TaskTime, 0.95, 200},
                                     Percentile{Measure::P99TaskTime, 0.99, 1000}};

/// Of several kinds none is "the" tasks.
const model::RunTasks* tasks_in_question(const model::RunRecord& record, std::string_view task) {
  const model::RunTasks* found = nullptr;
  for (const model::RunTasks& it : record.tasks) {
    if (it.key.outcome != "ok" || (!task.empty() && it.key.task != task)) continue;
    if (found != nullptr) return nullptr;
    found = &it;
  }
  return found;
}

void set_task_measures(const model::RunRecord& record, const model::RunTasks& tasks, MeasuredValues& values) {
  if (tasks.timed > 0)
    values.set(Measure::TaskTime,
               static_cast<double>(tasks.duration_ns) * kNanosecond / static_cast<double>(tasks.timed));
  for (const Percentile& it : kPercentiles) {
    if (tasks.timed < it.tasks) continue;
    if (const auto value = percentile(tasks.durations, it.share)) values.set(it.measure, *value);
  }
  if (tasks.tasks == 0) return;
  const auto count = static_cast<double>(tasks.tasks);
  values.set(Measure::CpuPerTask, static_cast<double>(record.cpu_usec) * kMicrosecond / count);
  if (record.task_span_ns.value_or(0) > 0)
    values.set(Measure::Throughput, count / (static_cast<double>(*record.task_span_ns) * kNanosecond));
}

}  // namespace

MeasuredValues values_of(const model::RunRecord& record, std::string_view task) {
  MeasuredValues values;
  values.set(Measure::Duration, static_cast<double>(record.duration_ns) * kNanosecond);
  values.set(Measure::CpuSeconds, static_cast<double>(record.cpu_usec) * kMicrosecond);
  if (record.memory_peak_bytes) values.set(Measure::MemoryPeak, static_cast<double>(*record.memory_peak_bytes));
  if (record.io_read_bytes && record.io_written_bytes)
    values.set(Measure::IoBytes, static_cast<double>(*record.io_read_bytes + *record.io_written_bytes));
  if (const model::RunTasks* tasks = tasks_in_question(record, task)) set_task_measures(record, *tasks, values);
  return values;
}

std::string why_without(const model::RunRecord& record, Measure measure, std::string_view task) {
  const std::string run = "run " + record.id;
  switch (measure) {
    case Measure::Value:
      return "a run of the ledger has no measure of that name";
    case Measure::MemoryPeak:
      return run + " was not asked for its memory's peak (memory.peak: Linux 5.19)";
    case Measure::IoBytes:
      return run + " was not asked for its IO";
    default:
      break;
  }
  const auto is_ok = [&](const model::RunTasks& it) {
    return it.key.outcome == "ok" && (task.empty() || it.key.task == task);
  };
  const auto kinds = std::count_if(record.tasks.begin(), record.tasks.end(), is_ok);
  const std::string of_kind = task.empty() ? "" : " of \"" + std::string(task) + "\"";
  if (kinds == 0)
    return run + " has no tasks" + of_kind + " with the outcome \"ok\": does a rule find them in its log?";
  if (kinds > 1) {
    std::string names;
    for (const model::RunTasks& it : record.tasks)
      if (is_ok(it)) names += (names.empty() ? "" : ", ") + it.key.task;
    return run + " has tasks of several kinds; name the one that the measure is about: " + names;
  }
  const model::RunTasks& tasks = *std::find_if(record.tasks.begin(), record.tasks.end(), is_ok);
  const auto percentile = std::find_if(kPercentiles.begin(), kPercentiles.end(),
                                       [measure](const Percentile& it) { return it.measure == measure; });
  if (percentile != kPercentiles.end() && tasks.timed < percentile->tasks)
    return run + " has " + std::to_string(tasks.timed) + " timed tasks" + of_kind + ", and it wants " +
           std::to_string(percentile->tasks);
  if (measure == Measure::Throughput) return run + " has no span of its tasks' times";
  return run + " has no durations of its tasks" + of_kind;
}

std::optional<model::Run> run_of(const model::RunRecord& record, const model::Experiment& experiment) {
  const auto variant = std::find(experiment.variants.begin(), experiment.variants.end(), record.variant);
  if (record.warm_up || variant == experiment.variants.end()) return std::nullopt;
  const auto busiest = std::max_element(record.cpu_ns.begin(), record.cpu_ns.end(),
                                        [](const auto& a, const auto& b) { return a.second < b.second; });
  return model::Run{
      .variant = static_cast<uint32_t>(variant - experiment.variants.begin()),
      .control = record.control,
      .failed = !record.failure.empty(),
      .block = record.block,
      .cpu = busiest == record.cpu_ns.end() ? std::nullopt : std::optional(busiest->first),
      .host = record.host.name,
      .exclusion = record.exclusion,
      .values = values_of(record, experiment.task_rule),
  };
}

}  // namespace benchd::analysis
