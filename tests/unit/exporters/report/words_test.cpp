#include "exporters/report/words.h"

#include <gtest/gtest.h>

#include "sample_set.h"

namespace benchd::report {
namespace {

using model::Bounds;
using model::Doubt;
using model::Verdict;

TEST(Words, ValuesHaveTheUnitThatSuitsTheBaseline) {
  const ValueFormat milliseconds(model::Measure::TaskTime, 0.1234);
  EXPECT_EQ(milliseconds(0.1609), "160.9 ms");
  EXPECT_EQ(milliseconds(1.5), "1500 ms");
  EXPECT_EQ(milliseconds(0.0012), "1.200 ms");
  EXPECT_EQ(milliseconds.with_error(0.1233, 0.0005), "123.3 ± 0.5 ms");
  EXPECT_EQ(milliseconds.with_error(0.1233, 0.00001), "123.3 ± 0.01 ms");
  EXPECT_EQ(ValueFormat(model::Measure::Duration, 12.5)(12.5), "12.50 s");
  EXPECT_EQ(ValueFormat(model::Measure::Duration, 3e-7)(3e-7), "300.0 ns");
  EXPECT_EQ(ValueFormat(model::Measure::Duration, 3e-12)(3e-12), "0.003 ns");
  EXPECT_EQ(ValueFormat(model::Measure::MemoryPeak, 3 * 1048576.0)(1.5 * 1048576), "1.500 MiB");
  EXPECT_EQ(ValueFormat(model::Measure::Throughput, 60)(61.5), "61.50 /s");
  EXPECT_EQ(ValueFormat(model::Measure::Value, 0.5)(123456789), "1.23e+08");
  EXPECT_EQ(ValueFormat(model::Measure::Duration, std::nullopt)(2), "2.000 s");
}

TEST(Words, RatiosKeepThreeDigits) {
  EXPECT_EQ(ratio(0.9812), "0.981");
  EXPECT_EQ(ratio(12.34), "12.3");
  EXPECT_EQ(ratio(123.4), "123");
  EXPECT_EQ(ratio(0.0123), "0.01230");
  EXPECT_EQ(ratio(0), "0.000");
  EXPECT_EQ(ratio(std::numeric_limits<double>::infinity()), "∞");
  EXPECT_EQ(threshold(0.005), "±0.5 %");
  EXPECT_EQ(share(0.9995), "99.95 %");
}

std::string words(model::Estimate ratio, std::optional<Verdict> verdict, Doubt doubt = Doubt::None) {
  auto set = sample_set();
  auto& comparison = set.comparisons[0];
  comparison.ratio = ratio;
  comparison.verdict = verdict;
  comparison.doubt = doubt;
  comparison.more_runs = 2;
  return verdict_words(comparison, set);
}

TEST(VerdictWords, SayByHowMuch) {
  EXPECT_EQ(words({1.3, Bounds{1.291, 1.318}}, Verdict::Slower), "SLOWER by 29–32 %");
  EXPECT_EQ(words({0.953, Bounds{0.944, 0.962}}, Verdict::Faster), "FASTER by 4–6 %");
  EXPECT_EQ(words({1.3, Bounds{1.3001, 1.3009}}, Verdict::Slower), "SLOWER by 30.0–30.1 %");
  EXPECT_EQ(words({1.3, Bounds{1.3, 1.3}}, Verdict::Slower), "SLOWER by 30.00 %");
  EXPECT_EQ(words({1.3, Bounds{1.25, std::numeric_limits<double>::infinity()}}, Verdict::Slower),
            "SLOWER by at least 25 %");
}

TEST(VerdictWords, SayThatASmallDifferenceIsReal) {
  EXPECT_EQ(words({0.98, Bounds{0.972, 0.990}}, Verdict::Equivalent), "EQUIVALENT (a small gain is real)");
  EXPECT_EQ(words({1.01, Bounds{1.002, 1.02}}, Verdict::Equivalent), "EQUIVALENT (a small loss is real)");
  EXPECT_EQ(words({1.0, Bounds{0.99, 1.02}}, Verdict::Equivalent), "EQUIVALENT");
}

TEST(VerdictWords, SayWhyNothingIsConcluded) {
  EXPECT_EQ(words({1.02, Bounds{0.99, 1.05}}, Verdict::Inconclusive), "INCONCLUSIVE");
  EXPECT_EQ(words({1.3, std::nullopt}, Verdict::Inconclusive, Doubt::TooFewRuns),
            "INCONCLUSIVE (too few runs: 2 more blocks)");
  EXPECT_EQ(words({1.3, Bounds{1.2, 1.4}}, Verdict::Inconclusive, Doubt::NotInterleaved),
            "INCONCLUSIVE (not interleaved)");
  EXPECT_EQ(words({1.3, Bounds{1.2, 1.4}}, Verdict::Inconclusive, Doubt::HostFails),
            "INCONCLUSIVE (this host cannot resolve ±3 % today)");
}

TEST(VerdictWords, SayWhyThereIsNoVerdict) {
  auto set = sample_set();
  auto& comparison = set.comparisons[0];
  comparison.verdict.reset();
  comparison.doubt = Doubt::TooManyFailures;
  comparison.variant.runs = 20;
  comparison.variant.failed = 3;
  EXPECT_EQ(verdict_words(comparison, set), "none: 3 of 20 runs of pyenv failed");
  set.baseline.failed = 50;
  EXPECT_EQ(verdict_words(comparison, set), "none: 50 of 100 runs of official failed");
  comparison.doubt = Doubt::NoRatio;
  EXPECT_EQ(verdict_words(comparison, set), "none: values of 0 have no ratio");
  comparison.doubt = Doubt::NothingToCompare;
  comparison.variant.runs = 0;
  EXPECT_EQ(verdict_words(comparison, set), "none: no runs that count");
}

TEST(ControlWords, SayWhatTheHostCanResolve) {
  const auto set = sample_set();
  EXPECT_EQ(control_words({{1.0, Bounds{0.99, 1.01}}, true}, set), "host passes: it can resolve ±3 %");
  EXPECT_EQ(control_words({{1.0, Bounds{0.9, 1.1}}, false}, set), "host fails: it cannot resolve ±3 % today");
  EXPECT_EQ(control_words({{1.0, std::nullopt}, false}, set), "host not known: too few blocks of the control");
}

TEST(Headline, SaysHowRunsWereStarted) {
  auto set = sample_set();
  set.blocking = model::Blocking::None;
  set.experiment.seed.reset();
  set.comparisons[0].variant.runs = 90;
  set.looks = 2;
  EXPECT_EQ(headline(set), "python-builds · task_time · 90 to 100 runs each, not in blocks · threshold ±3 % · 2 looks");
}

}  // namespace
}  // namespace benchd::report
