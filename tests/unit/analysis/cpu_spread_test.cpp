#include "analysis/cpu_spread.h"

#include <gtest/gtest.h>

namespace benchd::analysis {
namespace {

using model::CpuTime;
using Cpus = std::vector<CpuTime>;

TEST(CpuSpread, AllOnOneOfFourIsOneEffectiveCpuAndFourTimesTheMean) {
  const auto spread = cpu_spread(Cpus{{0, 5}, {1, 5}, {2, 5}, {3, 5}}, Cpus{{0, 5}, {1, 5}, {2, 105}, {3, 5}});
  ASSERT_TRUE(spread);
  EXPECT_DOUBLE_EQ(spread->effective_cpus, 1);
  EXPECT_DOUBLE_EQ(spread->imbalance, 4);
}

TEST(CpuSpread, AlikeOnThreeIsThreeAndEven) {
  const auto spread = cpu_spread(Cpus{{0, 0}, {1, 10}, {2, 20}}, Cpus{{0, 7}, {1, 17}, {2, 27}});
  ASSERT_TRUE(spread);
  EXPECT_DOUBLE_EQ(spread->effective_cpus, 3);
  EXPECT_DOUBLE_EQ(spread->imbalance, 1);
}

TEST(CpuSpread, ACpuUsedForTheFirstTimeBeganAtZero) {
  const auto spread = cpu_spread(Cpus{{0, 10}, {3, 10}}, Cpus{{0, 13}, {2, 1}, {3, 10}});
  ASSERT_TRUE(spread);
  EXPECT_DOUBLE_EQ(spread->effective_cpus, 16.0 / 10);
}

TEST(CpuSpread, IdleHasNone) {
  EXPECT_FALSE(cpu_spread(Cpus{{0, 10}}, Cpus{{0, 10}}));
  EXPECT_FALSE(cpu_spread({}, {}));
}

TEST(SpreadWindow, KeepsTheSpreadOfTheLastWholeWindow) {
  SpreadWindow window;
  std::optional<model::CpuSpread> spread;
  window.look(0, {{0, 0}, {1, 0}}, spread);
  EXPECT_FALSE(spread);
  window.look(SpreadWindow::kWindow / 2, {{0, 9}, {1, 0}}, spread);
  EXPECT_FALSE(spread);
  window.look(SpreadWindow::kWindow, {{0, 10}, {1, 10}}, spread);
  ASSERT_TRUE(spread);
  EXPECT_DOUBLE_EQ(spread->effective_cpus, 2);
  window.look(SpreadWindow::kWindow + 1, {{0, 90}, {1, 10}}, spread);
  EXPECT_DOUBLE_EQ(spread->effective_cpus, 2);
  window.look(2 * SpreadWindow::kWindow, {{0, 90}, {1, 10}}, spread);
  EXPECT_DOUBLE_EQ(spread->effective_cpus, 1);
  window.look(3 * SpreadWindow::kWindow, {{0, 90}, {1, 10}}, spread);
  EXPECT_FALSE(spread);
}

}  // namespace
}  // namespace benchd::analysis
