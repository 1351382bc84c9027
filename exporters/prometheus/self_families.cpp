#include <algorithm>

#include "exporters/prometheus/family_tables.h"

/// What a snapshot says about benchd's own work. What benchd counts elsewhere stands in a prometheus-cpp registry.
namespace benchd::exposition {
namespace {

void snapshot_age(const HostView& view, SampleSink& sink) {
  sink.add(Number::nanoseconds(static_cast<uint64_t>(std::max<int64_t>(view.now - view.snapshot.taken, 0))));
}

void hidden_containers(const HostView& view, SampleSink& sink) {
  sink.add(Number::count(view.hidden_containers));
}

void collector_success(const HostView& view, SampleSink& sink) {
  for (const model::CollectorStatus& it : view.snapshot.collectors)
    sink.add(Number::count(it.success ? 1 : 0), {{"collector", it.collector}});
}

void collector_duration(const HostView& view, SampleSink& sink) {
  for (const model::CollectorStatus& it : view.snapshot.collectors)
    sink.add(Number::real(it.duration_seconds), {{"collector", it.collector}});
}

}  // namespace

void append_self_families(std::vector<Family>& families) {
  const auto gauge = [&](const char* name, const char* help, const char* labels, HostSamples samples) {
    families.push_back(host_family(Type::Gauge, name, help, labels, "benchd", samples));
  };
  gauge("benchd_snapshot_age_seconds", "Age of the readings on this page", "", snapshot_age);
  gauge("benchd_containers_hidden",
        "Containers not on this page because another one has the same labels: a finished one made again, or paths that "
        "differ only in bytes that are no UTF-8",
        "", hidden_containers);
  gauge("benchd_collector_success", "1 if the collector gave what it could on this host at its last turn", "collector",
        collector_success);
  gauge("benchd_collector_duration_seconds", "How long the collector's last turn took", "collector",
        collector_duration);
}

}  // namespace benchd::exposition
