#include "exporters/prometheus/family_tables.h"

/// What the kernel programs tell of containers: time per cpu, thread states; and the same as estimates, under names of
/// their own.
namespace benchd::exposition {
namespace {

constexpr const char* kPerCpu = "the kernel's per-cpu cgroup statistics";
constexpr const char* kThreads = "task_struct of its threads";
constexpr const char* kSampled = "/proc/TID/schedstat and the cpu it last ran on";

void cpus(const ContainerView& view, SampleSink& sink) {
  if (view.snapshot.cpu_series_dropped != 0) return;
  for (const model::CpuTime& cpu : view.container.reading.cpus)
    sink.add(Number::nanoseconds(cpu.nanoseconds), {{"cpu", IntegerText(cpu.cpu).text()}});
}

void cpu_seconds(const ContainerView& view, SampleSink& sink) {
  const model::Reading& reading = view.container.reading;
  if (reading.threads_estimated || reading.cpus.empty() || view.snapshot.cpu_series_dropped != 0) return;
  cpus(view, sink);
  sink.add(Number::nanoseconds(reading.cpu_unattributed), {{"cpu", "unattributed"}});
}

void cpu_seconds_estimated(const ContainerView& view, SampleSink& sink) {
  if (view.container.reading.threads_estimated) cpus(view, sink);
}

const model::ThreadTimes* threads_of(const ContainerView& view, bool estimated) {
  const model::Reading& reading = view.container.reading;
  return reading.threads && reading.threads_estimated == estimated ? &*reading.threads : nullptr;
}

void states(const model::ThreadTimes& it, SampleSink& sink) {
  sink.add(Number::nanoseconds(it.on_cpu), {{"state", "on_cpu"}});
  sink.add(Number::nanoseconds(it.runnable), {{"state", "runnable"}});
  sink.add(Number::nanoseconds(it.blocked), {{"state", "blocked"}});
}

void thread_seconds(const ContainerView& view, SampleSink& sink) {
  if (const auto* it = threads_of(view, false)) states(*it, sink);
}

void thread_seconds_estimated(const ContainerView& view, SampleSink& sink) {
  if (const auto* it = threads_of(view, true)) states(*it, sink);
}

void blocked_on_disk(const ContainerView& view, SampleSink& sink) {
  const auto* it = threads_of(view, false);
  if (it && it->blocked_on_disk) sink.add(Number::nanoseconds(*it->blocked_on_disk));
}

void alive(const ContainerView& view, SampleSink& sink) {
  if (const auto& it = view.container.reading.threads) sink.add(Number::count(it->alive));
}

void switches(const ContainerView& view, SampleSink& sink) {
  const auto* it = threads_of(view, false);
  if (!it) return;
  sink.add(Number::count(it->voluntary_switches), {{"kind", "voluntary"}});
  sink.add(Number::count(it->involuntary_switches), {{"kind", "involuntary"}});
}

void migrations(const ContainerView& view, SampleSink& sink) {
  if (const auto* it = threads_of(view, false)) sink.add(Number::count(it->migrations));
}

void effective_cpus(const ContainerView& view, SampleSink& sink) {
  if (const auto& it = view.container.reading.cpu_spread) sink.add(Number::real(it->effective_cpus));
}

void imbalance(const ContainerView& view, SampleSink& sink) {
  if (const auto& it = view.container.reading.cpu_spread) sink.add(Number::real(it->imbalance));
}

void mode(const HostView& view, SampleSink& sink) {
  sink.add(Number::count(1),
           {{"mode", name_of(view.snapshot.kernel_mode)}, {"reason", view.snapshot.kernel_mode_reason}});
}

void dropped(const HostView& view, SampleSink& sink) {
  sink.add(Number::count(view.snapshot.cpu_series_dropped));
}

}  // namespace

void append_kernel_families(std::vector<Family>& families) {
  using enum AfterEnd;
  const auto add = [&](Type type, const char* name, const char* help, const char* labels, const char* source,
                       ContainerSamples samples) {
    families.push_back(computed_family(Subject::Container, type, name, help, labels, source, {}, samples, Vanishes));
  };
  add(Type::Counter, "benchd_container_cpu_seconds_total",
      "CPU time by logical cpu. Cpus that it may use from birth on, others from their first use; what is known of no "
      "cpu is cpu=unattributed, so that the sum is usage_usec of cpu.stat",
      "cpu", kPerCpu, cpu_seconds);
  add(Type::Counter, "benchd_container_cpu_seconds_estimated_total",
      "CPU time by logical cpu, estimated where kernel programs cannot be had: each thread's time is charged to the "
      "cpu where it was last seen",
      "cpu", kSampled, cpu_seconds_estimated);
  add(Type::Gauge, "benchd_container_effective_cpus",
      "Number of cpus that it used, counted by how much, over the last second or more: squared sum of the cpus' times "
      "over the sum of their squares. Not from estimates",
      "", kPerCpu, effective_cpus);
  add(Type::Gauge, "benchd_container_cpu_imbalance",
      "Time on its busiest cpu over the mean of its cpus, over the last second or more: 1 is even. Not from estimates",
      "", kPerCpu, imbalance);
  add(Type::Counter, "benchd_container_thread_seconds_total",
      "What its threads did since benchd saw them first: on a cpu, runnable (waiting for one, quotas included), "
      "blocked. The three add up to the time that threads were alive",
      "state", kThreads, thread_seconds);
  add(Type::Counter, "benchd_container_thread_seconds_estimated_total",
      "The same, estimated where kernel programs cannot be had: threads that live between two looks are missed",
      "state", kSampled, thread_seconds_estimated);
  add(Type::Counter, "benchd_container_thread_blocked_disk_seconds_total",
      "Of the time blocked, that waiting for disks; where delay accounting is on", "", "task_struct delays",
      blocked_on_disk);
  add(Type::Gauge, "benchd_container_threads_alive", "Threads at the last look", "", kThreads, alive);
  add(Type::Counter, "benchd_container_context_switches_total",
      "Times that a thread left a cpu: to wait (voluntary), or because others were due", "kind", kThreads, switches);
  add(Type::Counter, "benchd_container_migrations_total", "Times that a thread went on on another cpu", "", kThreads,
      migrations);
  families.push_back(host_family(Type::Gauge, "benchd_kernel_mode_info",
                                 "Where time per cpu and thread states come from: exact, estimated or off; and why not "
                                 "exact",
                                 "mode, reason", "benchd", mode));
  families.push_back(host_family(
      Type::Gauge, "benchd_percpu_series_dropped",
      "Series of time per cpu that are not shown, because there are more than --collector.percpu.max-series", "",
      "benchd", dropped));
}

}  // namespace benchd::exposition
