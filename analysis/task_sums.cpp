#include "analysis/task_sums.h"

#include <algorithm>

#include "analysis/durations.h"

namespace benchd::analysis {

using model::LogCounts;
using model::TaskTotals;
using model::Usage;

void add(Usage& totals, const Usage& more) {
  totals.cpu_ns += more.cpu_ns;
  totals.on_cpu_ns += more.on_cpu_ns;
  totals.runnable_ns += more.runnable_ns;
  totals.blocked_ns += more.blocked_ns;
  totals.io_read_bytes += more.io_read_bytes;
  totals.io_written_bytes += more.io_written_bytes;
}

void add(TaskTotals& totals, const TaskTotals& more) {
  totals.tasks += more.tasks;
  totals.timed += more.timed;
  totals.duration_ns += more.duration_ns;
  totals.buckets.resize(std::max(totals.buckets.size(), more.buckets.size()));
  for (size_t i = 0; i < more.buckets.size(); ++i) totals.buckets[i] += more.buckets[i];
  add(totals.durations, more.durations);
  if (more.first_start)
    totals.first_start = std::min(totals.first_start.value_or(*more.first_start), *more.first_start);
  if (more.last_end) totals.last_end = std::max(totals.last_end.value_or(*more.last_end), *more.last_end);
  totals.cost.tasks += more.cost.tasks;
  totals.cost.apportioned += more.cost.apportioned;
  totals.cost.task_ns += more.cost.task_ns;
  add(totals.cost.used, more.cost.used);
}

void add(LogCounts& counts, const LogCounts& more) {
  counts.bytes += more.bytes;
  counts.matched += more.matched;
  counts.unmatched += more.unmatched;
  counts.malformed += more.malformed;
  counts.truncated += more.truncated;
  counts.rotations += more.rotations;
  counts.truncations += more.truncations;
  counts.lost_lines += more.lost_lines;
  counts.losses += more.losses;
  counts.late += more.late;
  counts.coarse += more.coarse;
  counts.overflowed += more.overflowed;
  counts.unpaired += more.unpaired;
}

}  // namespace benchd::analysis
