#include "analysis/comparison/warm_up.h"

#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace benchd::analysis {
namespace {

std::vector<double> steady(std::mt19937_64& engine, size_t n, double centre, double cv = 0.02) {
  std::normal_distribution<double> normal;
  std::vector<double> times;
  for (size_t i = 0; i < n; ++i) times.push_back(centre * std::exp(cv * normal(engine)));
  return times;
}

TEST(WarmUp, AStepIsFoundWhereItIs) {
  std::mt19937_64 engine(1);
  int exact = 0;
  for (int i = 0; i < 500; ++i) {
    auto times = steady(engine, 40, 0.3);
    const auto fast = steady(engine, 160, 0.1);
    times.insert(times.end(), fast.begin(), fast.end());
    const auto found = warm_up(times);
    if (!found || found->tasks != 40) continue;  // a second change, by chance
    ++exact;
    EXPECT_NEAR(found->steady, 0.1, 0.001);
    EXPECT_NEAR(found->lost, 40 * 0.2, 0.2);
  }
  EXPECT_GE(exact, 480);
}

TEST(WarmUp, AJitThatSettlesGraduallyIsSteadyOnceItHasSettled) {
  std::mt19937_64 engine(2);
  auto times = steady(engine, 500, 0.1);
  for (size_t i = 0; i < times.size(); ++i) times[i] += 0.4 * std::exp(-static_cast<double>(i) / 15);
  const auto found = warm_up(times);
  ASSERT_TRUE(found);
  EXPECT_GE(found->tasks, 40);
  EXPECT_LE(found->tasks, 130);
  EXPECT_NEAR(found->steady, 0.1, 0.001);
  EXPECT_NEAR(found->lost, 0.4 * 15, 0.6);
}

TEST(WarmUp, ASteadyRunHasNone) {
  std::mt19937_64 engine(3);
  int warm = 0;
  for (int i = 0; i < 500; ++i) {
    const auto found = warm_up(steady(engine, 100, 0.1));
    ASSERT_TRUE(found);
    warm += found->tasks > 0 ? 1 : 0;
  }
  EXPECT_LE(warm, 12);  // 1 % and three standard errors
}

TEST(WarmUp, OutliersAreNoWarmUp) {
  std::mt19937_64 engine(4);
  auto times = steady(engine, 200, 0.1);
  times[0] = 5;  // the first task loads everything
  times[120] = 3;
  const auto found = warm_up(times);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->tasks, 0);
}

TEST(WarmUp, ARunThatKeepsChangingHasNoSteadyState) {
  std::mt19937_64 engine(5);
  auto times = steady(engine, 300, 0.1, 0.005);
  for (size_t i = 0; i < times.size(); ++i) times[i] *= 1 + static_cast<double>(i) / 300;
  EXPECT_FALSE(warm_up(times));
}

TEST(WarmUp, FewTasksSayNothing) {
  EXPECT_FALSE(warm_up(std::vector<double>(19, 1.0)));
  EXPECT_FALSE(warm_up({}));
  EXPECT_EQ(warm_up(std::vector<double>(20, 1.0))->tasks, 0);
}

TEST(BreakEven, IsWhereTheFasterOneHasMadeUpForItsStart) {
  // CPython: 0.02 s and 0.3 s a task. PyPy: 2.02 s until it is warm and 0.1 s a task.
  EXPECT_DOUBLE_EQ(*break_even({0.02, 0.3}, {2.02, 0.1}), 10);
  EXPECT_DOUBLE_EQ(*break_even({2.02, 0.1}, {0.02, 0.3}), 10);
}

TEST(BreakEven, IsNowhereIfOneIsAheadAlways) {
  EXPECT_FALSE(break_even({1, 0.3}, {2, 0.3}));
  EXPECT_FALSE(break_even({1, 0.3}, {2, 0.4}));
  EXPECT_FALSE(break_even({1, 0.3}, {1, 0.3}));
}

}  // namespace
}  // namespace benchd::analysis
