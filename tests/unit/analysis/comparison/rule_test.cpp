#include "analysis/comparison/rule.h"

#include <cmath>

#include <gtest/gtest.h>

namespace benchd::analysis {
namespace {

using model::Bounds;
using model::Verdict;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(Verdict, TakesTheWholeIntervalToEitherSideOfTheThreshold) {
  EXPECT_EQ(verdict_of({0.90, 0.970}, 0.03, false), Verdict::Faster);
  EXPECT_EQ(verdict_of({0.90, 0.971}, 0.03, false), Verdict::Inconclusive);  // 1/1.03 = 0.9709
  EXPECT_EQ(verdict_of({1.031, 1.2}, 0.03, false), Verdict::Slower);
  EXPECT_EQ(verdict_of({1.030, 1.2}, 0.03, false), Verdict::Inconclusive);
  EXPECT_EQ(verdict_of({0.971, 1.030}, 0.03, false), Verdict::Equivalent);
  EXPECT_EQ(verdict_of({0.970, 1.030}, 0.03, false), Verdict::Inconclusive);
  EXPECT_EQ(verdict_of({0.971, 1.031}, 0.03, false), Verdict::Inconclusive);
}

TEST(Verdict, IsSymmetricInTheLogarithm) {
  // The variant against the baseline and the baseline against the variant never contradict.
  for (const Bounds bounds : {Bounds{0.9, 0.96}, Bounds{0.972, 1.01}, Bounds{0.9, 1.1}, Bounds{1.04, 1.05}}) {
    const Verdict there = verdict_of(bounds, 0.03, false),
                  back = verdict_of({1 / bounds.high, 1 / bounds.low}, 0.03, true);
    EXPECT_EQ(there, back);
  }
}

TEST(Verdict, MoreThroughputIsFaster) {
  EXPECT_EQ(verdict_of({1.1, 1.2}, 0.03, true), Verdict::Faster);
  EXPECT_EQ(verdict_of({0.8, 0.9}, 0.03, true), Verdict::Slower);
}

TEST(Verdict, FailuresThatReachABoundLeaveItOpen) {
  EXPECT_EQ(verdict_of({0.99, kInfinity}, 0.03, false), Verdict::Inconclusive);
  EXPECT_EQ(verdict_of({1.05, kInfinity}, 0.03, false), Verdict::Slower);
  EXPECT_EQ(verdict_of({0, kInfinity}, 0.03, false), Verdict::Inconclusive);
}

TEST(Control, PassesOnlyWithinTheThreshold) {
  EXPECT_TRUE(control_passes({1.0, Bounds{0.99, 1.01}}, 0.03));
  EXPECT_FALSE(control_passes({1.0, Bounds{0.96, 1.02}}, 0.03));
  EXPECT_FALSE(control_passes({1.1, Bounds{1.08, 1.12}}, 0.03));
  EXPECT_FALSE(control_passes({1.0, std::nullopt}, 0.03));
}

TEST(Looks, SpendAllThatThereIsAndNoMore) {
  EXPECT_DOUBLE_EQ(alpha_of_look(0.05, 1, true), 0.05);
  EXPECT_DOUBLE_EQ(alpha_of_look(0.05, 1, false), 0.025);
  EXPECT_DOUBLE_EQ(alpha_of_look(0.05, 3, false), 0.05 / 8);
  double spent = 0;
  for (uint64_t look = 1; look <= 4; ++look) spent += alpha_of_look(0.05, look, false);
  EXPECT_DOUBLE_EQ(spent + alpha_of_look(0.05, 5, true), 0.05);
  EXPECT_EQ(alpha_of_look(0.05, UINT64_MAX, false), 0.05 * std::ldexp(1, -1000));
}

TEST(RunsNeeded, AreThoseOfTheUsualFormulas) {
  // k = 1: 10.5·(s/δ)² for equivalence, 7.85·(s/(|effect| - δ))² for a difference.
  const double margin = std::log(1.03), s = 10 * margin;
  EXPECT_EQ(runs_needed(0, s, 0.03, 0.05).runs, std::ceil(10.5074 * 100));
  EXPECT_EQ(runs_needed(2 * margin, s, 0.03, 0.05).runs, std::ceil(7.8489 * 100));
  EXPECT_EQ(runs_needed(-2 * margin, s, 0.03, 0.05).runs, std::ceil(7.8489 * 100));
  EXPECT_EQ(runs_needed(0.5 * margin, s, 0.03, 0.05).runs, std::ceil(10.5074 * 400));
}

TEST(RunsNeeded, AnEffectOnTheThresholdIsNeverSettled) {
  EXPECT_FALSE(runs_needed(std::log(1.0302), 0.01, 0.03, 0.05).settles);
  EXPECT_FALSE(runs_needed(-std::log(1.0302), 0.01, 0.03, 0.05).settles);
}

TEST(RunsNeeded, AreNeverFewerThanAnIntervalNeeds) {
  EXPECT_EQ(runs_needed(0.5, 0, 0.03, 0.05).runs, 6);
  EXPECT_EQ(runs_needed(0.5, 0, 0.03, 0.05 / 4).runs, 8);
}

}  // namespace
}  // namespace benchd::analysis
