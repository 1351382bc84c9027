// Intervals against the definition: all shifts that the test does not reject, found by trying each gap between
// neighbouring candidates. With ties and failures, where R has no exact answer.
#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/inference/distributions.h"
#include "analysis/inference/rank_sum.h"
#include "analysis/inference/signed_rank.h"

namespace benchd::analysis {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Mid-ranks from 1, and Σ(t³ - t).
std::pair<std::vector<double>, double> ranks(const std::vector<double>& values) {
  std::vector<double> result;
  double ties = 0;
  for (const double value : values) {
    double below = 0, equal = 0;
    for (const double other : values) {
      below += other < value ? 1 : 0;
      equal += other == value ? 1 : 0;
    }
    result.push_back(below + (equal + 1) / 2);
    ties += equal * equal - 1;  // each of the t values adds (t³ - t) / t
  }
  return {result, ties};
}

/// P(W <= w) of the signed rank sum without ties, by listing all signs.
double chance_of_at_most(size_t n, double w) {
  double sets = 0;
  for (uint64_t signs = 0; signs < uint64_t{1} << n; ++signs) {
    double sum = 0;
    for (size_t i = 0; i < n; ++i) sum += (signs >> i & 1) != 0 ? static_cast<double>(i + 1) : 0;
    sets += sum <= w ? 1 : 0;
  }
  return sets / static_cast<double>(uint64_t{1} << n);
}

struct SignedRankStatistic {
  double w;
  double variance;
};
SignedRankStatistic signed_rank_at(const std::vector<double>& x, double shift) {
  std::vector<double> distances;
  for (const double value : x) distances.push_back(std::abs(value - shift));
  const auto [rank, ties] = ranks(distances);
  const auto n = static_cast<double>(x.size());
  double w = 0;
  for (size_t i = 0; i < x.size(); ++i) w += x[i] > shift ? rank[i] : 0;
  return {w, n * (n + 1) * (2 * n + 1) / 24 - ties / 48};
}

/// The bounds of the accepted gaps between sorted `candidates`.
template <class Accepts>
model::Bounds accepted(std::vector<double> candidates, Accepts accepts) {
  std::sort(candidates.begin(), candidates.end());
  candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
  model::Bounds bounds{kInfinity, -kInfinity};
  for (size_t i = 0; i + 1 < candidates.size(); ++i) {
    if (!accepts(candidates[i] + (candidates[i + 1] - candidates[i]) / 2)) continue;
    bounds.low = std::min(bounds.low, candidates[i]);
    bounds.high = std::max(bounds.high, candidates[i + 1]);
  }
  return bounds;
}

std::vector<double> averages(const std::vector<double>& x) {
  std::vector<double> all;
  for (const double a : x) {
    for (const double b : x) all.push_back((a + b) / 2);
  }
  return all;
}

std::vector<double> tied(std::mt19937_64& engine, size_t n, uint64_t different) {
  std::vector<double> values;
  for (size_t i = 0; i < n; ++i) values.push_back(static_cast<double>(engine() % different) / 8);
  return values;
}

/// Two in five are the same value, far from the others: the correction for ties then moves a bound by several ranks.
std::vector<double> mostly_tied(std::mt19937_64& engine, size_t n) {
  std::vector<double> values;
  for (size_t i = 0; i < n; ++i) values.push_back(i % 5 < 2 ? 3 : static_cast<double>(engine() % 1'000'000) / 524'288);
  return values;
}

TEST(SignedRank, NormalIntervalWithTiesIsTheSetOfAcceptedShifts) {
  std::mt19937_64 engine(3);
  for (size_t round = 0; round < 20; ++round) {
    const auto x = round % 2 == 0 ? tied(engine, 51 + round, 10 + round) : mostly_tied(engine, 51 + round);
    for (const double alpha : {0.05, 0.0125}) {
      const double z = normal_quantile(1 - alpha / 2);
      const auto n = static_cast<double>(x.size());
      const auto expected = accepted(averages(x), [&](double shift) {
        const auto [w, variance] = signed_rank_at(x, shift);
        return std::abs(w - n * (n + 1) / 4) - 0.5 <= z * std::sqrt(variance);
      });
      const auto ours = signed_rank(x, alpha);
      ASSERT_TRUE(ours.bounds);
      EXPECT_EQ(ours.bounds->low, expected.low) << round;
      EXPECT_EQ(ours.bounds->high, expected.high) << round;
    }
  }
}

TEST(SignedRank, ExactIntervalIgnoresTiesAndIsTheSetOfAcceptedShiftsOfItsRank) {
  std::mt19937_64 engine(4);
  for (size_t round = 0; round < 20; ++round) {
    const size_t n = 6 + round % 9;
    auto x = tied(engine, n, 40);
    // Ties as they come, but not so many that the bounds meet.
    const auto expected = accepted(averages(x), [&](double shift) {
      const double w = signed_rank_at(x, shift).w;
      const double all = static_cast<double>(walsh_averages(n));
      return 2 * chance_of_at_most(n, std::min(w, all - w)) > 0.05;
    });
    const auto ours = signed_rank(x, 0.05);
    ASSERT_TRUE(ours.bounds);
    EXPECT_EQ(ours.bounds->low, expected.low) << round;
    EXPECT_EQ(ours.bounds->high, expected.high) << round;
  }
}

TEST(RankSum, NormalIntervalWithTiesIsTheSetOfAcceptedShifts) {
  std::mt19937_64 engine(5);
  for (size_t round = 0; round < 15; ++round) {
    const auto baseline = round % 2 == 0 ? tied(engine, 51 + round, 12) : mostly_tied(engine, 51 + round);
    const auto variant = round % 2 == 0 ? tied(engine, 60, 20) : mostly_tied(engine, 60);
    std::vector<double> all;
    for (const double b : baseline) {
      for (const double v : variant) all.push_back(v - b);
    }
    const auto n = static_cast<double>(baseline.size()), m = static_cast<double>(variant.size());
    const auto expected = accepted(all, [&](double shift) {
      std::vector<double> pooled = baseline;
      for (const double v : variant) pooled.push_back(v - shift);
      const auto [rank, ties] = ranks(pooled);
      double u = -m * (m + 1) / 2;
      for (size_t i = baseline.size(); i < pooled.size(); ++i) u += rank[i];
      const double variance = n * m / 12 * (n + m + 1 - ties / ((n + m) * (n + m - 1)));
      return std::abs(u - n * m / 2) - 0.5 <= normal_quantile(0.975) * std::sqrt(variance);
    });
    const std::array strata{Samples{baseline, variant}};
    const auto ours = rank_sum(strata, 0.05);
    ASSERT_TRUE(ours.bounds);
    EXPECT_EQ(ours.bounds->low, expected.low) << round;
    EXPECT_EQ(ours.bounds->high, expected.high) << round;
  }
}

TEST(SignedRank, TooFewValuesHaveNoInterval) {
  const std::vector<double> x = {1, 2, 3, 4, 5, 6, 7, 8};
  const std::span<const double> all(x);
  EXPECT_EQ(least_signed_rank(0.05), 6);
  EXPECT_EQ(least_signed_rank(0.05 / 4), 8);
  EXPECT_FALSE(signed_rank(all.first(5), 0.05).bounds);
  EXPECT_EQ(signed_rank(all.first(5), 0.05).value, 3);
  ASSERT_TRUE(signed_rank(all.first(6), 0.05).bounds);
  EXPECT_EQ(signed_rank(all.first(6), 0.05).bounds->low, 1);
  EXPECT_FALSE(signed_rank(all.first(7), 0.05 / 4).bounds);
  EXPECT_TRUE(signed_rank(all, 0.05 / 4).bounds);
}

TEST(SignedRank, AFailureRanksWorstAndReachesTheBoundAlone) {
  // 20 blocks at +1 %, then one of them with a failed variant, then several.
  std::vector<double> x(20, 0.01);
  x[7] = kInfinity;
  auto estimate = signed_rank(x, 0.05);
  EXPECT_EQ(estimate.value, 0.01);
  EXPECT_EQ(estimate.bounds->low, 0.01);
  for (const size_t i : {1, 4, 9, 12, 15, 18}) x[i] = kInfinity;
  estimate = signed_rank(x, 0.05);
  EXPECT_EQ(estimate.bounds->low, 0.01);
  EXPECT_EQ(estimate.bounds->high, kInfinity);
}

TEST(SignedRank, OppositeFailuresMeetAtZero) {
  const std::vector<double> x = {-kInfinity, -kInfinity, -kInfinity, kInfinity, kInfinity, kInfinity};
  EXPECT_EQ(signed_rank(x, 0.05).value, 0);
  EXPECT_EQ(signed_rank(x, 0.05).bounds->low, -kInfinity);
  EXPECT_EQ(signed_rank(x, 0.05).bounds->high, kInfinity);
}

TEST(RankSum, TooFewValuesHaveNoInterval) {
  const std::vector<double> three = {1, 2, 3}, four = {5, 6, 7, 9};
  EXPECT_EQ(least_rank_sum(0.05), 4);
  EXPECT_FALSE(rank_sum(std::array{Samples{three, three}}, 0.05).bounds);
  const auto estimate = rank_sum(std::array{Samples{four, four}}, 0.05);
  ASSERT_TRUE(estimate.bounds);
  EXPECT_EQ(estimate.bounds->low, -4);
  EXPECT_EQ(estimate.bounds->high, 4);
}

TEST(RankSum, TwoHostsOfDifferentSpeedDoNotPassForADifference) {
  // A is twice as fast as B, and has most of the baseline's runs; on each the variant is 0.1 slower.
  std::mt19937_64 engine(6);
  const auto noisy = [&engine](size_t n, double centre) {
    std::vector<double> values;
    for (size_t i = 0; i < n; ++i) values.push_back(centre + static_cast<double>(engine() % 1000) / 50'000);
    return values;
  };
  const auto a_baseline = noisy(30, 0), a_variant = noisy(10, 0.1), b_baseline = noisy(10, 0.7),
             b_variant = noisy(30, 0.8);
  const auto estimate = rank_sum(std::array{Samples{a_baseline, a_variant}, Samples{b_baseline, b_variant}}, 0.05);
  ASSERT_TRUE(estimate.bounds);
  EXPECT_GT(estimate.bounds->low, 0.09);
  EXPECT_LT(estimate.bounds->high, 0.11);
}

}  // namespace
}  // namespace benchd::analysis
