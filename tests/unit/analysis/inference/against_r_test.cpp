// The intervals of R's wilcox.test(conf.int=TRUE), printed by tests/fixtures/r/intervals.R for data sets that both
// sides make by the same generator. R finds bounds beyond the exact sizes by uniroot() and stops within its tolerance.
#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "analysis/inference/brunner_munzel.h"
#include "analysis/inference/rank_sum.h"
#include "analysis/inference/signed_rank.h"
#include "analysis/inference/trimmed_mean.h"

namespace benchd::analysis {
namespace {

/// intervals.R's own, to the bit.
class Generator {
 public:
  explicit Generator(uint64_t set) : state_((20'250'101 + 1'000'003 * set) % kModulus) {
    for (int i = 0; i < 3; ++i) uniform();
  }
  double uniform() {
    state_ = 16'807 * state_ % kModulus;
    return static_cast<double>(state_) / static_cast<double>(kModulus);
  }
  double draw(size_t shape) {
    const double u = uniform();
    if (shape == 1) return u;
    if (shape == 2) return u / (1.05 - u);
    if (shape == 3) return u - uniform();
    return std::floor(u * 20) + 1;
  }
  std::vector<double> draw(size_t n, size_t shape) {
    std::vector<double> values;
    for (size_t i = 0; i < n; ++i) values.push_back(draw(shape));
    return values;
  }
  size_t between(size_t low, size_t high) {
    return low + static_cast<size_t>(std::floor(uniform() * static_cast<double>(high - low + 1)));
  }

 private:
  static constexpr uint64_t kModulus = 2'147'483'647;
  uint64_t state_;
};

double alpha_of(uint64_t set) {
  return std::array{0.05, 0.01, 0.0125}[set % 3];
}

struct Case {
  uint64_t set;
  std::vector<double> numbers;
};

std::vector<Case> cases(const std::string& kind) {
  std::ifstream file(BENCHD_FIXTURES "/r/intervals.txt");
  std::vector<Case> result;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    Case it{};
    words >> name >> it.set;
    for (double number = 0; words >> number;) it.numbers.push_back(number);
    if (name == kind) result.push_back(it);
  }
  return result;
}

void expect_like(const model::Estimate& ours, double value, double low, double high, double tolerance) {
  const auto close = [tolerance](double theirs) { return tolerance * std::max(1.0, std::abs(theirs)); };
  EXPECT_NEAR(ours.value, value, close(value));
  ASSERT_TRUE(ours.bounds);
  EXPECT_NEAR(ours.bounds->low, low, close(low));
  EXPECT_NEAR(ours.bounds->high, high, close(high));
}

void signed_rank_like_r(const std::string& kind, size_t count, size_t fewest, size_t most, size_t shape,
                        double tolerance) {
  const auto all = cases(kind);
  ASSERT_EQ(all.size(), count);
  for (const auto& [set, numbers] : all) {
    SCOPED_TRACE(kind + " " + std::to_string(set));
    Generator generator(set);
    const size_t n = generator.between(fewest, most);
    ASSERT_EQ(static_cast<double>(n), numbers[0]);
    const auto x = generator.draw(n, shape != 0 ? shape : set % 3 + 1);
    expect_like(signed_rank(x, alpha_of(set)), numbers[1], numbers[2], numbers[3], tolerance);
  }
}

void rank_sum_like_r(const std::string& kind, size_t count, size_t fewest, size_t most, size_t shape,
                     double tolerance) {
  const auto all = cases(kind);
  ASSERT_EQ(all.size(), count);
  for (const auto& [set, numbers] : all) {
    SCOPED_TRACE(kind + " " + std::to_string(set));
    Generator generator(set);
    const size_t n = generator.between(fewest, most), m = generator.between(fewest, most);
    const auto baseline = generator.draw(n, shape != 0 ? shape : set % 3 + 1);
    const auto variant = generator.draw(m, shape != 0 ? shape : set % 3 + 1);
    const std::array strata{Samples{baseline, variant}};
    expect_like(rank_sum(strata, alpha_of(set)), numbers[2], numbers[3], numbers[4], tolerance);
  }
}

TEST(AgainstR, SignedRankExact) {
  signed_rank_like_r("signed_rank_exact", 350, 8, 50, 0, 1e-15);
}
TEST(AgainstR, SignedRankNormal) {
  signed_rank_like_r("signed_rank_normal", 150, 51, 90, 0, 1e-12);
}
TEST(AgainstR, SignedRankWithTies) {
  signed_rank_like_r("signed_rank_ties", 100, 51, 90, 4, 1e-12);
}
TEST(AgainstR, RankSumExact) {
  rank_sum_like_r("rank_sum_exact", 350, 5, 50, 0, 1e-15);
}
TEST(AgainstR, RankSumNormal) {
  rank_sum_like_r("rank_sum_normal", 150, 51, 90, 0, 1e-12);
}
TEST(AgainstR, RankSumWithTies) {
  rank_sum_like_r("rank_sum_ties", 100, 51, 90, 4, 1e-12);
}

TEST(AgainstR, TrimmedMean) {
  const auto all = cases("trimmed");
  ASSERT_EQ(all.size(), 120);
  for (const auto& [set, numbers] : all) {
    SCOPED_TRACE(set);
    Generator generator(set);
    const auto x = generator.draw(generator.between(10, 60), 2);
    const auto ours = trimmed_mean(x, numbers[0], 0.05);
    EXPECT_EQ(ours.dropped, static_cast<uint64_t>(numbers[0] * static_cast<double>(x.size())));
    expect_like(ours.mean, numbers[1], numbers[2], numbers[3], 1e-12);
  }
}

TEST(AgainstR, BrunnerMunzel) {
  const auto all = cases("brunner_munzel");
  ASSERT_EQ(all.size(), 40);
  for (const auto& [set, numbers] : all) {
    SCOPED_TRACE(set);
    Generator generator(set);
    const size_t n = generator.between(5, 30), m = generator.between(5, 30);
    const auto x = generator.draw(n, 4), y = generator.draw(m, 4);
    expect_like(brunner_munzel(y, x, 0.05), numbers[0], numbers[1], numbers[2], 1e-12);
  }
}

// Brunner and Munzel (2000), table 1: pain scores of 14 patients with treatment Y and 11 with N; as printed by the R
// package lawstat, brunner.munzel.test(Y, N).
TEST(BrunnerMunzel, OfThePublishedPainScores) {
  const std::vector<double> y = {1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 2, 4, 1, 1}, n = {3, 3, 4, 3, 1, 2, 3, 1, 1, 5, 4};
  expect_like(brunner_munzel(n, y, 0.05), 0.788961, 0.5952169, 0.9827052, 1e-6);
}

// Hollander and Wolfe (1973), p. 29: depression scale factor of 9 patients, first visit less second; R's help page of
// wilcox.test has the data, its depression example's exact interval at 95 % is Walsh averages 6 and 40 of 45.
TEST(SignedRank, OfThePublishedDepressionScores) {
  const std::vector<double> first = {1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30};
  const std::vector<double> second = {0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29};
  std::vector<double> change;
  for (size_t i = 0; i < first.size(); ++i) change.push_back(first[i] - second[i]);
  expect_like(signed_rank(change, 0.05), 0.46, 0.01, 0.786, 1e-12);
}

}  // namespace
}  // namespace benchd::analysis
