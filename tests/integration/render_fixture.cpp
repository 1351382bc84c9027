#include <cstdio>
#include <cstring>
#include <random>
#include <string>

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include "exporters/prometheus/catalogue.h"
#include "exporters/prometheus/renderer.h"
#include "support/sample_snapshot.h"

namespace {

using benchd::exposition::Format;

/// Prints what benchd exports for a host that has everything and containers that try everything, for the checkers of
/// other projects: `render_fixture text|openmetrics [SEED]`; `render_fixture document` prints docs/metrics.md.
int run(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "document") {
    std::fputs(benchd::exposition::catalogue_document().c_str(), stdout);
    return 0;
  }
  if (what != "text" && what != "openmetrics") {
    std::fputs("usage: render_fixture text|openmetrics|document [SEED]\n", stderr);
    return 2;
  }

  std::mt19937_64 random(argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 1);
  benchd::model::Snapshot snapshot = benchd::test::full_snapshot(3);
  snapshot.containers.back().ended = snapshot.taken;
  benchd::model::Snapshot hostile = benchd::test::random_snapshot(random, 20);
  for (auto& container : hostile.containers) snapshot.containers.push_back(std::move(container));

  ::prometheus::Registry registry;
  ::prometheus::BuildCounter()
      .Name("benchd_fixture_events_total")
      .Help("Events")
      .Register(registry)
      .Add({{"q", "\"\n"}});
  ::prometheus::BuildHistogram()
      .Name("benchd_fixture_duration_seconds")
      .Help("Durations")
      .Register(registry)
      .Add({}, ::prometheus::Histogram::BucketBoundaries{0.1, 1, 10})
      .Observe(0.5);
  std::string out;
  benchd::exposition::Renderer().render(snapshot, snapshot.taken, registry.Collect(),
                                        what == "text" ? Format::Text : Format::OpenMetrics, out);
  return std::fwrite(out.data(), 1, out.size(), stdout) == out.size() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  return run(argc, argv);
}
