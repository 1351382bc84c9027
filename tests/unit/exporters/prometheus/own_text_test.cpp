#include "exporters/prometheus/own_text.h"

#include <cmath>
#include <limits>
#include <random>

#include <gtest/gtest.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace benchd::exposition {
namespace {

std::string text(const ::prometheus::Registry& registry, Format format) {
  std::string out;
  append_own_families(out, registry.Collect(), format);
  return out;
}

TEST(OwnText, IsWhatPrometheusCppWritesByteForByte) {
  std::mt19937_64 random(8);
  ::prometheus::Registry registry;
  auto& gauge = ::prometheus::BuildGauge().Name("g").Help("A \"gauge\", with a \\ in it").Register(registry);
  auto& counter = ::prometheus::BuildCounter().Name("c_total").Help("h").Register(registry);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  int number = 0;
  for (const double value :
       {0.0, -0.0, 1.0, 0.1, 1e-9, 123456789012345678.0, 1e300, kInfinity, -kInfinity, std::nan("")})
    gauge.Add({{"number", std::to_string(number++)}}).Set(value);
  for (int i = 0; i < 1'000; ++i) {
    const double value = std::ldexp(static_cast<double>(random()), static_cast<int>(random() % 120) - 90);
    counter.Add({{"a", std::to_string(i)}, {"b", "quote \" slash \\ newline \n ä"}}).Increment(value);
  }
  ::prometheus::BuildGauge().Name("without_labels").Help("h").Register(registry).Add({}).Set(7);
  EXPECT_EQ(text(registry, Format::Text), ::prometheus::TextSerializer().Serialize(registry.Collect()));
}

TEST(OwnText, InOpenMetricsACounterLosesItsTotalInTheHeaderOnly) {
  ::prometheus::Registry registry;
  ::prometheus::BuildCounter().Name("x_total").Help("A \"b\"").Register(registry).Add({{"p", "a\nb"}}).Increment(3);
  EXPECT_EQ(text(registry, Format::OpenMetrics), "# HELP x A \\\"b\\\"\n# TYPE x counter\nx_total{p=\"a\\nb\"} 3\n");
}

TEST(OwnText, InOpenMetricsACounterWithoutTotalIsUnknown) {
  ::prometheus::Registry registry;
  ::prometheus::BuildCounter().Name("x").Help("h").Register(registry).Add({}).Increment();
  EXPECT_EQ(text(registry, Format::OpenMetrics), "# HELP x h\n# TYPE x unknown\nx 1\n");
}

TEST(OwnText, InOpenMetricsSpellsNotANumberItsOwnWay) {
  ::prometheus::Registry registry;
  ::prometheus::BuildGauge().Name("g").Help("h").Register(registry).Add({}).Set(std::nan(""));
  EXPECT_EQ(text(registry, Format::OpenMetrics), "# HELP g h\n# TYPE g gauge\ng NaN\n");
}

TEST(OwnText, MakesLabelsOfAnyBytesValid) {
  const ::prometheus::ClientMetric metric{.label = {{"p", "a\xff"}}};
  std::string out;
  append_own_families(out, {{"g", "h", ::prometheus::MetricType::Gauge, {metric}}}, Format::Text);
  EXPECT_EQ(out, "# HELP g h\n# TYPE g gauge\ng{p=\"a\xef\xbf\xbd\"} 0\n");
}

}  // namespace
}  // namespace benchd::exposition
