#include "analysis/comparison/modes.h"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

namespace benchd::analysis {
namespace {

std::vector<double> normal_values(uint64_t seed, size_t n, double centre, double deviation) {
  std::mt19937_64 engine(seed);
  std::normal_distribution<double> normal(centre, deviation);
  std::vector<double> values;
  for (size_t i = 0; i < n; ++i) values.push_back(normal(engine));
  return values;
}

std::vector<double> two_humps(uint64_t seed) {
  auto values = normal_values(seed, 71, 117, 1);
  const auto other = normal_values(seed + 1, 29, 127, 1);
  values.insert(values.end(), other.begin(), other.end());
  return values;
}

TEST(Modes, TwoHumpsAreFoundWithTheirShares) {
  const auto found = find_modes(two_humps(1));
  ASSERT_EQ(found.modes.size(), 2);
  EXPECT_NEAR(found.modes[0].value, 117, 1);
  EXPECT_NEAR(found.modes[1].value, 127, 1);
  EXPECT_DOUBLE_EQ(found.modes[0].share, 0.71);
  EXPECT_DOUBLE_EQ(found.modes[1].share, 0.29);
  ASSERT_EQ(found.valleys.size(), 1);
  EXPECT_NEAR(found.valleys[0], 122, 3);
}

TEST(Modes, ThreeHumpsAreThree) {
  auto values = two_humps(3);
  const auto third = normal_values(9, 40, 140, 1);
  values.insert(values.end(), third.begin(), third.end());
  EXPECT_EQ(find_modes(values).modes.size(), 3);
}

TEST(Modes, OneHumpIsHardlyEverTakenForTwo) {
  int alarms = 0;
  for (uint64_t seed = 0; seed < 500; ++seed)
    alarms += find_modes(normal_values(seed, 100, 100, 5)).modes.empty() ? 0 : 1;
  EXPECT_LE(alarms, 5);
}

TEST(Modes, AFewOutliersAreNoMode) {
  auto values = normal_values(5, 100, 100, 1);
  values[3] = values[77] = 300;
  EXPECT_TRUE(find_modes(values).modes.empty());
}

TEST(Modes, FarOutliersDoNotHideTwoHumps) {
  auto values = two_humps(6);
  values.push_back(1e9);
  values.push_back(1e-9);
  const auto found = find_modes(values);
  // They stretch the grid until both humps fall on one of its points: then nothing is claimed.
  EXPECT_TRUE(found.modes.empty() || found.modes.size() == 2);
}

TEST(Modes, EqualValuesAndFewValuesHaveNone) {
  EXPECT_TRUE(find_modes(std::vector<double>(100, 5.0)).modes.empty());
  EXPECT_TRUE(find_modes(std::vector<double>{1, 1, 1, 9, 9, 9}).modes.empty());
  EXPECT_TRUE(find_modes({}).modes.empty());
}

std::vector<ModeClue> clues(const std::vector<double>& values, uint32_t slow_cpu) {
  std::vector<ModeClue> result;
  std::mt19937_64 engine(11);
  for (const double value : values) {
    const auto cpu = static_cast<uint32_t>(engine() % 3);
    result.push_back({value, value > 122 ? slow_cpu : cpu});
  }
  std::shuffle(result.begin(), result.end(), engine);
  return result;
}

TEST(WhatSeparates, ACpuThatTheSlowRunsHaveInCommon) {
  const auto values = two_humps(7);
  EXPECT_EQ(what_separates(find_modes(values), clues(values, 3)), "cpu 3");
}

TEST(WhatSeparates, TimeWhereTheSlowRunsAreTheLastOnes) {
  const auto values = two_humps(7);
  std::vector<ModeClue> runs;
  for (const double value : values) runs.push_back({value, std::nullopt});
  EXPECT_EQ(what_separates(find_modes(values), runs), "time");
}

TEST(WhatSeparates, NothingWhereSlowRunsAreAnywhere) {
  const auto values = two_humps(7);
  auto runs = clues(values, 1);
  for (size_t i = 0; i < runs.size(); ++i) runs[i].cpu = static_cast<uint32_t>(i % 4);
  EXPECT_EQ(what_separates(find_modes(values), runs), "");
}

}  // namespace
}  // namespace benchd::analysis
