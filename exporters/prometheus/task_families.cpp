#include <algorithm>
#include <array>

#include "exporters/prometheus/family_tables.h"

/// What logs tell: tasks, what they cost, and how the logs are read.
namespace benchd::exposition {
namespace {

using model::LogCounts;
using model::TaskFigures;
using model::TaskTotals;

std::array<Label, 2> labels_of(const TaskFigures& figures) {
  return {{{"task", figures.key.task}, {"outcome", figures.key.outcome}}};
}

template <auto Field>
void of_totals(const TaskView& view, SampleSink& sink) {
  for (const TaskFigures& it : view.tasks) sink.add(Number::count(it.totals.*Field), labels_of(it));
}

template <auto Field>
void of_cost(const TaskView& view, SampleSink& sink) {
  for (const TaskFigures& it : view.tasks) sink.add(Number::count(it.totals.cost.*Field), labels_of(it));
}

void durations(const TaskView& view, SampleSink& sink) {
  for (const TaskFigures& it : view.tasks) {
    const TaskTotals& totals = it.totals;
    sink.add("_count", Number::count(totals.timed), labels_of(it));
    sink.add("_sum", Number::nanoseconds(totals.duration_ns), labels_of(it));
    uint64_t below = 0;
    for (size_t i = 0; i < totals.buckets.size(); ++i) {
      below += totals.buckets[i];
      char text[Number::kMaxLength];
      const Number bound =
          i < view.bounds.size() ? Number::nanoseconds(static_cast<uint64_t>(view.bounds[i])) : Number::infinite();
      const std::string_view le(text, static_cast<size_t>(bound.write(text) - text));
      const auto [task, outcome] = labels_of(it);
      sink.add("_bucket", Number::count(below), {{task, outcome, {"le", le}}});
    }
  }
}

void duration_sum(const TaskView& view, SampleSink& sink) {
  for (const TaskFigures& it : view.tasks) sink.add(Number::nanoseconds(it.totals.duration_ns), labels_of(it));
}

void in_flight(const TaskView& view, SampleSink& sink) {
  for (const TaskFigures& it : view.tasks) sink.add(Number::nanoseconds(it.totals.cost.task_ns), labels_of(it));
}

void cpu(const TaskView& view, SampleSink& sink) {
  for (const TaskFigures& it : view.tasks) sink.add(Number::nanoseconds(it.totals.cost.used.cpu_ns), labels_of(it));
}

void threads(const TaskView& view, SampleSink& sink) {
  if (!view.has_threads) return;
  for (const TaskFigures& it : view.tasks) {
    const auto [task, outcome] = labels_of(it);
    const model::Usage& used = it.totals.cost.used;
    sink.add(Number::nanoseconds(used.on_cpu_ns), {{task, outcome, {"state", "on_cpu"}}});
    sink.add(Number::nanoseconds(used.runnable_ns), {{task, outcome, {"state", "runnable"}}});
    sink.add(Number::nanoseconds(used.blocked_ns), {{task, outcome, {"state", "blocked"}}});
  }
}

void io(const TaskView& view, SampleSink& sink) {
  if (!view.has_io) return;
  for (const TaskFigures& it : view.tasks) {
    const auto [task, outcome] = labels_of(it);
    sink.add(Number::count(it.totals.cost.used.io_read_bytes), {{task, outcome, {"operation", "read"}}});
    sink.add(Number::count(it.totals.cost.used.io_written_bytes), {{task, outcome, {"operation", "write"}}});
  }
}

void residual(const TaskView& view, SampleSink& sink) {
  if (view.residual != nullptr) sink.add(Number::nanoseconds(view.residual->cpu_ns));
}

template <auto Field>
void of_log(const TaskView& view, SampleSink& sink) {
  for (const model::LogFigures& it : view.logs) sink.add(Number::count(it.counts.*Field), {{"log", it.log}});
}

void lines(const TaskView& view, SampleSink& sink) {
  for (const model::LogFigures& it : view.logs) {
    sink.add(Number::count(it.counts.matched), {{"log", it.log}, {"result", "matched"}});
    sink.add(Number::count(it.counts.unmatched), {{"log", it.log}, {"result", "unmatched"}});
    sink.add(Number::count(it.counts.malformed), {{"log", it.log}, {"result", "malformed"}});
  }
}

void lag_bytes(const TaskView& view, SampleSink& sink) {
  for (const model::LogFigures& it : view.logs)
    if (it.lag_bytes) sink.add(Number::count(*it.lag_bytes), {{"log", it.log}});
}

/// An idle log is not behind, however old its last line.
void lag_seconds(const TaskView& view, SampleSink& sink) {
  for (const model::LogFigures& it : view.logs) {
    if (!it.lag_bytes || !it.last_stamp) continue;
    const int64_t behind = *it.lag_bytes == 0 ? 0 : view.wall - *it.last_stamp;
    sink.add(Number::nanoseconds(static_cast<uint64_t>(std::max<int64_t>(behind, 0))), {{"log", it.log}});
  }
}

}  // namespace

void append_task_families(std::vector<Family>& families) {
  const auto add = [&](Subject subject, Type type, std::string name, const char* help, const char* labels,
                       const char* source, TaskSamples samples) {
    families.push_back(task_family(subject, type, std::move(name), help, labels, source, samples));
  };
  // Of containers and of workloads alike.
  for (const Subject subject : {Subject::Container, Subject::Workload}) {
    const std::string prefix = subject == Subject::Container ? "benchd_task" : "benchd_workload_task";
    const auto of_both = [&](const char* name, const char* help, const char* labels, TaskSamples samples,
                             Type type = Type::Counter) {
      add(subject, type, prefix + name, help, labels, "log", samples);
    };
    of_both("s_total", "Tasks done", "task, outcome", of_totals<&TaskTotals::tasks>);
    of_both("_duration_seconds", "How long the tasks took whose duration is known", "task, outcome", durations,
            Type::Histogram);
    if (subject == Subject::Workload)
      of_both("_seconds_total", "Time the tasks took whose duration is known", "task, outcome", duration_sum);
    of_both("_costed_total", "Tasks whose cost is known: the cost of one is what the families below say by this",
            "task, outcome", of_cost<&model::TaskCost::tasks>);
    of_both("_apportioned_total", "Of them, tasks that were not alone in their container: their cost is an equal share",
            "task, outcome", of_cost<&model::TaskCost::apportioned>);
    of_both("_in_flight_seconds_total",
            "From start to end of the tasks whose cost is known; its rate is how many of "
            "them are in flight",
            "task, outcome", in_flight);
    of_both("_cpu_seconds_total", "CPU time used by the tasks whose cost is known", "task, outcome", cpu);
    of_both("_thread_seconds_total", "Time of the container's threads during these tasks, by what they did",
            "task, outcome, state", threads);
    of_both("_io_bytes_total", "Bytes read from and written to devices during these tasks", "task, outcome, operation",
            io);
  }
  const auto counter = [&](const char* name, const char* help, const char* labels, TaskSamples samples) {
    add(Subject::Container, Type::Counter, name, help, labels, "log", samples);
  };
  counter("benchd_task_residual_cpu_seconds_total", "CPU time used while no task was in flight", "", residual);
  counter("benchd_log_bytes_total", "Bytes read", "log", of_log<&LogCounts::bytes>);
  counter("benchd_log_lines_total", "Lines by what they were to the rules", "log, result", lines);
  counter("benchd_log_truncated_lines_total", "Lines too long to be looked at whole", "log",
          of_log<&LogCounts::truncated>);
  counter("benchd_log_late_lines_total", "Lines that tell of a time before what was told already", "log",
          of_log<&LogCounts::late>);
  counter("benchd_log_coarse_lines_total",
          "Lines of tasks whose time is known to the writer's flushes only: it keeps its output in a buffer", "log",
          of_log<&LogCounts::coarse>);
  counter("benchd_log_rotations_total", "Times that the log went on in another file", "log",
          of_log<&LogCounts::rotations>);
  counter("benchd_log_truncations_total", "Times that the file was cut: what was not read yet is lost", "log",
          of_log<&LogCounts::truncations>);
  counter("benchd_log_losses_total", "Times that something is known to be lost", "log", of_log<&LogCounts::losses>);
  counter("benchd_log_lost_lines_total", "Lines known to be lost, where the log numbers them", "log",
          of_log<&LogCounts::lost_lines>);
  counter("benchd_log_overflowed_tasks_total",
          "Tasks counted under 'other': their rule has too many kinds and outcomes", "log",
          of_log<&LogCounts::overflowed>);
  counter("benchd_log_unpaired_total", "Ends of tasks without a beginning, and beginnings without an end", "log",
          of_log<&LogCounts::unpaired>);
  add(Subject::Container, Type::Gauge, "benchd_log_lag_bytes", "Written, but not read yet", "log", "log", lag_bytes);
  add(Subject::Container, Type::Gauge, "benchd_log_lag_seconds", "Age of the last line read, where more is there",
      "log", "log", lag_seconds);
}

}  // namespace benchd::exposition
