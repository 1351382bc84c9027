#include "analysis/durations.h"

#include <algorithm>
#include <cmath>
#include <random>

#include <gmock/gmock.h>

namespace benchd::analysis {
namespace {

using model::duration_bucket;
using model::duration_range;
using model::Durations;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

Durations distribution_of(const std::vector<uint64_t>& nanoseconds) {
  Durations all;
  for (const uint64_t it : nanoseconds) add(all, {{duration_bucket(it), 1}});
  return all;
}

TEST(DurationsTest, EveryDurationIsInTheBucketWhoseRangeHoldsItAndTheMiddleIsWithinOnePercent) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 100'000; ++i) {
    const uint64_t duration = random() >> (random() % 64);
    const auto [low, high] = duration_range(duration_bucket(duration));
    ASSERT_LE(low, duration);
    ASSERT_GE(high, duration);
    const double middle = (static_cast<double>(low) + static_cast<double>(high)) / 2;
    ASSERT_LE(std::abs(middle - static_cast<double>(duration)), 0.008 * static_cast<double>(duration)) << duration;
  }
}

TEST(DurationsTest, BucketsLieEdgeToEdge) {
  EXPECT_EQ(duration_range(0).first, 0U);
  for (uint32_t bucket = 0; bucket < model::kLastDurationBucket; ++bucket)
    ASSERT_EQ(duration_range(bucket).second + 1, duration_range(bucket + 1).first) << bucket;
  EXPECT_EQ(duration_range(model::kLastDurationBucket).second, UINT64_MAX);
}

TEST(DurationsTest, TwoDistributionsAddUpWhateverTheyShare) {
  Durations totals = {{1, 1}, {5, 1}};
  add(totals, {{0, 2}, {5, 3}, {9, 4}});
  EXPECT_THAT(totals, ElementsAre(Pair(0, 2), Pair(1, 1), Pair(5, 4), Pair(9, 4)));
  add(totals, {});
  EXPECT_THAT(totals, ElementsAre(Pair(0, 2), Pair(1, 1), Pair(5, 4), Pair(9, 4)));
}

TEST(DurationsTest, WhatHasGrownIsWhatWasNotThereBefore) {
  EXPECT_THAT(grown({{1, 5}, {2, 3}, {7, 1}}, {{0, 9}, {1, 4}, {2, 3}}), ElementsAre(Pair(1, 1), Pair(7, 1)));
  EXPECT_THAT(grown({{1, 5}}, {{1, 6}}), IsEmpty());
}

TEST(DurationsTest, PercentilesAreNearestRanksWithinOnePercent) {
  std::mt19937_64 random(2);
  std::lognormal_distribution<double> lognormal(std::log(2e6), 1.0);
  std::vector<uint64_t> durations;
  for (int i = 0; i < 5'000; ++i) durations.push_back(static_cast<uint64_t>(lognormal(random)));
  const Durations all = distribution_of(durations);
  std::sort(durations.begin(), durations.end());
  for (const double share : {0.001, 0.5, 0.95, 0.99, 0.9999}) {
    const auto rank = static_cast<size_t>(std::ceil(share * 5'000));
    const double exact = static_cast<double>(durations.at(rank - 1)) / 1e9;
    EXPECT_NEAR(*percentile(all, share), exact, 0.008 * exact) << share;
  }
}

TEST(DurationsTest, OneDurationIsAllPercentilesAndNoneHasNone) {
  EXPECT_DOUBLE_EQ(*percentile({{50, 1}}, 0.01), 50e-9);
  EXPECT_DOUBLE_EQ(*percentile({{50, 1}}, 0.99), 50e-9);
  EXPECT_FALSE(percentile({}, 0.5).has_value());
}

}  // namespace
}  // namespace benchd::analysis
