#include "analysis/charge.h"

namespace benchd::analysis {
namespace {

using model::RunState;
using model::WorkloadTotals;

/// Moves a counter on; what it grew by.
uint64_t growth(uint64_t& mark, uint64_t now) {
  const uint64_t grown = now > mark ? now - mark : 0;
  mark = now;
  return grown;
}

void begin_run(model::Mark& mark, WorkloadTotals& grown) {
  mark.run = RunState::Going;
  mark.run_failed = false;
  ++mark.runs;
  ++grown.runs;
}

}  // namespace

WorkloadTotals charge(model::Mark& mark, const model::Reading& reading) {
  WorkloadTotals grown;
  mark.at = reading.at;
  if (const auto usage = reading.values.get(model::Field::CpuUsage)) grown.cpu_usec = growth(mark.cpu_usec, *usage);
  if (!reading.io.empty()) {
    uint64_t read = 0;
    uint64_t written = 0;
    for (const model::DeviceIo& io : reading.io) {
      read += io.read_bytes;
      written += io.written_bytes;
    }
    grown.io_read_bytes = growth(mark.io_read_bytes, read);
    grown.io_written_bytes = growth(mark.io_written_bytes, written);
  }
  if (reading.threads && reading.threads_estimated) {
    mark.threads_estimated = {.on_cpu = reading.threads->on_cpu,
                              .runnable = reading.threads->runnable,
                              .blocked = reading.threads->blocked,
                              .blocked_on_disk = {},
                              .alive = reading.threads->alive};
  } else if (reading.threads) {
    model::ThreadTimes before = mark.threads.value_or(model::ThreadTimes{});
    grown.on_cpu_ns = growth(before.on_cpu, reading.threads->on_cpu);
    grown.runnable_ns = growth(before.runnable, reading.threads->runnable);
    grown.blocked_ns = growth(before.blocked, reading.threads->blocked);
    mark.threads = reading.threads;
  }
  const bool populated = reading.values.get(model::Field::CgroupPopulated).value_or(0) != 0;
  const bool first = mark.run == RunState::NotYet && (populated || mark.cpu_usec > 0);
  const bool next = mark.run == RunState::Over && populated;
  if (first || next) begin_run(mark, grown);
  return grown;
}

bool only_slept(const model::Mark& before, model::Mark after) {
  after.at = before.at;
  if (after.threads && before.threads) after.threads->blocked = before.threads->blocked;
  if (after.threads_estimated && before.threads_estimated)
    after.threads_estimated->blocked = before.threads_estimated->blocked;
  return after == before;
}

WorkloadTotals charge_restart(model::Mark& mark) {
  WorkloadTotals grown;
  if (mark.run == RunState::Over) begin_run(mark, grown);
  return grown;
}

WorkloadTotals charge_failure(model::Mark& mark, const model::Metadata& metadata) {
  WorkloadTotals grown;
  const bool failed = metadata.exit_code.value_or(0) != 0 || metadata.oom_killed.value_or(false);
  if (!failed || mark.run != RunState::Over || mark.run_failed) return grown;
  mark.run_failed = true;
  ++mark.failures;
  ++grown.failures;
  return grown;
}

WorkloadTotals all_of(const model::Mark& mark) {
  WorkloadTotals all{.runs = mark.runs,
                     .failures = mark.failures,
                     .cpu_usec = mark.cpu_usec,
                     .io_read_bytes = mark.io_read_bytes,
                     .io_written_bytes = mark.io_written_bytes};
  if (mark.threads) {
    all.on_cpu_ns = mark.threads->on_cpu;
    all.runnable_ns = mark.threads->runnable;
    all.blocked_ns = mark.threads->blocked;
  }
  return all;
}

void add(WorkloadTotals& totals, const WorkloadTotals& more) {
  totals.runs += more.runs;
  totals.failures += more.failures;
  totals.cpu_usec += more.cpu_usec;
  totals.on_cpu_ns += more.on_cpu_ns;
  totals.runnable_ns += more.runnable_ns;
  totals.blocked_ns += more.blocked_ns;
  totals.io_read_bytes += more.io_read_bytes;
  totals.io_written_bytes += more.io_written_bytes;
  totals.unobserved_ns += more.unobserved_ns;
}

}  // namespace benchd::analysis
