#include "exporters/prometheus/family_tables.h"

/// What outlives containers.
namespace benchd::exposition {
namespace {

const model::WorkloadTotals& totals(const WorkloadView& view) {
  return view.workload.totals;
}

void runs(const WorkloadView& view, SampleSink& sink) {
  sink.add(Number::count(totals(view).runs));
}

void failures(const WorkloadView& view, SampleSink& sink) {
  sink.add(Number::count(totals(view).failures));
}

void cpu(const WorkloadView& view, SampleSink& sink) {
  sink.add(Number::microseconds(totals(view).cpu_usec));
}

void threads(const WorkloadView& view, SampleSink& sink) {
  if (!view.workload.has_threads) return;
  sink.add(Number::nanoseconds(totals(view).on_cpu_ns), {{"state", "on_cpu"}});
  sink.add(Number::nanoseconds(totals(view).runnable_ns), {{"state", "runnable"}});
  sink.add(Number::nanoseconds(totals(view).blocked_ns), {{"state", "blocked"}});
}

void io_read(const WorkloadView& view, SampleSink& sink) {
  if (view.workload.has_io) sink.add(Number::count(totals(view).io_read_bytes));
}

void io_written(const WorkloadView& view, SampleSink& sink) {
  if (view.workload.has_io) sink.add(Number::count(totals(view).io_written_bytes));
}

void unobserved(const WorkloadView& view, SampleSink& sink) {
  sink.add(Number::nanoseconds(totals(view).unobserved_ns));
}

}  // namespace

void append_workload_families(std::vector<Family>& families) {
  const auto counter = [&](const char* name, const char* help, const char* labels, const char* source,
                           WorkloadSamples samples) {
    families.push_back(workload_family(name, help, labels, source, samples));
  };
  counter("benchd_workload_runs_total", "Starts of its containers, each counted once", "", "cgroup.events populated",
          runs);
  counter("benchd_workload_failures_total",
          "Runs that ended with another exit code than 0 or by the out-of-memory killer", "", "runtime", failures);
  counter("benchd_workload_cpu_seconds_total", "CPU time used", "", "cpu.stat usage_usec", cpu);
  counter("benchd_workload_thread_seconds_total", "Time of its threads by what they did; the states add up", "state",
          "benchd", threads);
  counter("benchd_workload_io_read_bytes_total", "Bytes read from all devices; of stacked ones (LVM, RAID) each counts",
          "", "io.stat rbytes", io_read);
  counter("benchd_workload_io_written_bytes_total",
          "Bytes written to all devices; of stacked ones (LVM, RAID) each counts", "", "io.stat wbytes", io_written);
  counter("benchd_workload_unobserved_seconds_total",
          "Time in which a container of it was running and no benchd was: runs within are missing, CPU time of those "
          "that outlived it is not",
          "", "benchd", unobserved);
}

}  // namespace benchd::exposition
