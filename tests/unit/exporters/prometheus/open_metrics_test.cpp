#include "exporters/prometheus/open_metrics.h"

#include <cmath>

#include <gtest/gtest.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

namespace benchd::exposition {
namespace {

std::string text(const ::prometheus::Registry& registry) {
  std::string out;
  append_open_metrics(out, registry.Collect());
  return out;
}

TEST(OpenMetrics, ACounterLosesItsTotalInTheHeaderOnly) {
  ::prometheus::Registry registry;
  ::prometheus::BuildCounter().Name("x_total").Help("A \"b\"").Register(registry).Add({{"p", "a\nb"}}).Increment(3);
  EXPECT_EQ(text(registry), "# HELP x A \\\"b\\\"\n# TYPE x counter\nx_total{p=\"a\\nb\"} 3\n");
}

TEST(OpenMetrics, ACounterWithoutTotalIsUnknown) {
  ::prometheus::Registry registry;
  ::prometheus::BuildCounter().Name("x").Help("h").Register(registry).Add({}).Increment();
  EXPECT_EQ(text(registry), "# HELP x h\n# TYPE x unknown\nx 1\n");
}

TEST(OpenMetrics, HistogramBoundsAreFloatsAndTheLastIsInfinite) {
  ::prometheus::Registry registry;
  ::prometheus::BuildHistogram()
      .Name("h_seconds")
      .Help("h")
      .Register(registry)
      .Add({}, ::prometheus::Histogram::BucketBoundaries{0.5, 1, 10})
      .Observe(0.75);
  EXPECT_EQ(text(registry),
            "# HELP h_seconds h\n# TYPE h_seconds histogram\n"
            "h_seconds_bucket{le=\"0.5\"} 0\nh_seconds_bucket{le=\"1.0\"} 1\nh_seconds_bucket{le=\"10.0\"} 1\n"
            "h_seconds_bucket{le=\"+Inf\"} 1\nh_seconds_count 1\nh_seconds_sum 0.75\n");
}

TEST(OpenMetrics, SpellsNotANumberItsOwnWay) {
  ::prometheus::Registry registry;
  ::prometheus::BuildGauge().Name("g").Help("h").Register(registry).Add({}).Set(std::nan(""));
  EXPECT_EQ(text(registry), "# HELP g h\n# TYPE g gauge\ng NaN\n");
}

TEST(OpenMetrics, NamesTheUnitThatTheNameEndsWith) {
  const auto header = [](std::string_view name) {
    for (const Family& it : catalogue())
      if (it.name == name) return open_metrics_header(it);
    return std::string();
  };
  EXPECT_TRUE(header("container_cpu_user_seconds_total").ends_with("# UNIT container_cpu_user_seconds seconds\n"));
  EXPECT_TRUE(header("container_memory_usage_bytes").ends_with("# UNIT container_memory_usage_bytes bytes\n"));
  EXPECT_TRUE(header("container_memory_failcnt").ends_with("# TYPE container_memory_failcnt unknown\n"));
  EXPECT_TRUE(header("container_memory_pgscan_total").ends_with("# TYPE container_memory_pgscan counter\n"));
}

}  // namespace
}  // namespace benchd::exposition
