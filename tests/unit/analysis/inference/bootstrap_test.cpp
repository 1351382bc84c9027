#include "analysis/inference/bootstrap.h"

#include <array>
#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace benchd::analysis {
namespace {

TEST(Quantile, InterpolatesAsRDoesByDefault) {
  std::vector<double> values = {10, 1, 4, 2};
  EXPECT_DOUBLE_EQ(quantile(values, 0.5), 3);
  EXPECT_DOUBLE_EQ(quantile(values, 0.25), 1.75);
  EXPECT_DOUBLE_EQ(quantile(values, 0.75), 5.5);
  EXPECT_DOUBLE_EQ(quantile(values, 0), 1);
  EXPECT_DOUBLE_EQ(quantile(values, 1), 10);
}

std::vector<Pair> blocks(size_t n, double ratio, double noise) {
  std::mt19937_64 engine(7);
  std::normal_distribution<double> normal;
  std::vector<Pair> result;
  for (size_t i = 0; i < n; ++i) {
    const double host = std::exp(0.2 * normal(engine));  // shared by a block: cancels
    result.push_back({host * std::exp(noise * normal(engine)), ratio * host * std::exp(noise * normal(engine))});
  }
  return result;
}

TEST(RatioOfMeans, ResamplingBlocksKeepsWhatTheyHaveInCommon) {
  const auto paired = blocks(60, 1.1, 0.01);
  const auto by_block = ratio_of_means(paired, 0.05);
  ASSERT_TRUE(by_block.bounds);
  EXPECT_NEAR(by_block.value, 1.1, 0.01);
  EXPECT_LT(by_block.bounds->high - by_block.bounds->low, 0.02);

  std::vector<double> baseline, variant;
  for (const Pair& pair : paired) {
    baseline.push_back(pair.baseline);
    variant.push_back(pair.variant);
  }
  const auto apart = ratio_of_means(std::array{Samples{baseline, variant}}, 0.05);
  EXPECT_DOUBLE_EQ(apart.value, by_block.value);
  EXPECT_GT(apart.bounds->high - apart.bounds->low, 0.08);
}

TEST(RatioOfMeans, TheSameRunsGiveTheSameInterval) {
  const auto paired = blocks(40, 1, 0.05);
  EXPECT_EQ(ratio_of_means(paired, 0.05).bounds->low, ratio_of_means(paired, 0.05).bounds->low);
}

TEST(RatioOfMeans, ChunksOfManyBlocksKeepTheWidth) {
  // The standard error of the ratio of 200,000 blocks with noise 5 % on either side.
  const auto estimate = ratio_of_means(blocks(200'000, 1, 0.05), 0.05);
  const double expected = 2 * 1.96 * 0.05 * std::sqrt(2.0 / 200'000) * std::exp(0.02);
  EXPECT_NEAR((estimate.bounds->high - estimate.bounds->low) / expected, 1, 0.1);
}

TEST(RatioOfMeans, AHostWithMoreRunsOfOneVariantIsNoDifference) {
  const std::vector<double> fast(30, 1.0), slow(30, 2.0), few_fast(10, 1.0), few_slow(10, 2.0);
  const std::array strata{Samples{fast, few_fast}, Samples{few_slow, slow}};
  EXPECT_DOUBLE_EQ(ratio_of_means(strata, 0.05).value, 1);
}

TEST(RatioOfMeans, AHostCountsByTheRunsOfItsLesserSide) {
  const std::vector<double> ones(30, 1.0), twos(10, 2.0);
  const std::array strata{Samples{ones, twos}, Samples{twos, twos}};
  // 30·10/40 and 10·10/20.
  EXPECT_DOUBLE_EQ(ratio_of_means(strata, 0.05).value, (7.5 * 2 + 5 * 2) / (7.5 * 1 + 5 * 2));
}

TEST(RatioOfMeans, FewBlocksHaveNoInterval) {
  EXPECT_FALSE(ratio_of_means(blocks(5, 1, 0.05), 0.05).bounds);
  EXPECT_TRUE(ratio_of_means(blocks(6, 1, 0.05), 0.05).bounds);
}

TEST(RatioOfSpreads, FindsTripleSpread) {
  std::mt19937_64 engine(8);
  std::normal_distribution<double> normal;
  std::vector<double> narrow, wide;
  for (int i = 0; i < 200; ++i) {
    narrow.push_back(100 + normal(engine));
    wide.push_back(100 + 3 * normal(engine));
  }
  const auto estimate = ratio_of_spreads(narrow, wide, 0.05);
  ASSERT_TRUE(estimate && estimate->bounds);
  EXPECT_LT(estimate->bounds->low, 3);
  EXPECT_GT(estimate->bounds->high, 3);
  EXPECT_GT(estimate->bounds->low, 2);
}

TEST(RatioOfSpreads, ABaselineOfOneValueHasNone) {
  const std::vector<double> same(20, 1.0), other = {1, 2, 3, 4, 5, 6};
  EXPECT_FALSE(ratio_of_spreads(same, other, 0.05));
}

TEST(RatioOfSpreads, ABaselineThatMayHaveNoneHasAnInfiniteBound) {
  const std::vector<double> mostly_same = {1, 1, 1, 1, 1, 1, 2, 2}, other = {1, 2, 3, 4, 5, 6, 7, 8};
  const auto estimate = ratio_of_spreads(mostly_same, other, 0.05);
  ASSERT_TRUE(estimate && estimate->bounds);
  EXPECT_TRUE(std::isinf(estimate->bounds->high));
}

}  // namespace
}  // namespace benchd::analysis
