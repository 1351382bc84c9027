#include "analysis/inference/selection.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace benchd::analysis {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The mean and the difference as verdicts.md has them for failures.
double walsh(double a, double b) {
  return std::isinf(a) && a == -b ? 0 : (a + b) / 2;
}
double difference(double variant, double baseline) {
  return variant == baseline ? 0 : variant - baseline;
}

std::vector<double> listed_averages(const std::vector<double>& x) {
  std::vector<double> all;
  for (size_t i = 0; i < x.size(); ++i) {
    for (size_t j = i; j < x.size(); ++j) all.push_back(walsh(x[i], x[j]));
  }
  std::sort(all.begin(), all.end());
  return all;
}

std::vector<double> random_values(std::mt19937_64& engine, size_t n) {
  std::vector<double> values;
  for (size_t i = 0; i < n; ++i) {
    const uint64_t kind = engine() % 10;
    const double value = static_cast<double>(engine() % 2000) / 1000 - 1;
    values.push_back(kind == 0 ? kInfinity : kind == 1 ? -kInfinity : kind < 4 ? std::round(value * 5) / 5 : value);
  }
  std::sort(values.begin(), values.end());
  return values;
}

TEST(Selection, EveryWalshAverageIsThatOfTheSortedListFailuresAndTiesIncluded) {
  std::mt19937_64 engine(1);
  for (size_t n = 1; n <= 30; ++n) {
    const auto x = random_values(engine, n);
    const auto all = listed_averages(x);
    ASSERT_EQ(all.size(), walsh_averages(n));
    for (size_t k = 1; k <= all.size(); ++k) ASSERT_EQ(kth_walsh_average(x, k), all[k - 1]) << n << " " << k;
  }
}

TEST(Selection, EveryDifferenceIsThatOfTheSortedListOverAllHosts) {
  std::mt19937_64 engine(2);
  for (size_t round = 0; round < 40; ++round) {
    const auto b1 = random_values(engine, 1 + round % 7), v1 = random_values(engine, 1 + round % 5);
    const auto b2 = random_values(engine, 1 + round % 3), v2 = random_values(engine, 1 + round % 11);
    const std::array strata{Samples{b1, v1}, Samples{b2, v2}};
    std::vector<double> all;
    for (const Samples& samples : strata) {
      for (const double b : samples.baseline) {
        for (const double v : samples.variant) all.push_back(difference(v, b));
      }
    }
    std::sort(all.begin(), all.end());
    ASSERT_EQ(all.size(), differences(strata));
    for (size_t k = 1; k <= all.size(); ++k) ASSERT_EQ(kth_difference(strata, k), all[k - 1]) << round << " " << k;
  }
}

TEST(Selection, ManyValuesNeedNoList) {
  std::vector<double> x(200'000);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<double>(i);
  // Symmetric about 99,999.5: so is the list of averages.
  EXPECT_EQ(kth_walsh_average(x, (walsh_averages(x.size()) + 1) / 2), 99'999.5);
  EXPECT_EQ(kth_walsh_average(x, 1), 0);
  EXPECT_EQ(kth_walsh_average(x, walsh_averages(x.size())), 199'999);
}

}  // namespace
}  // namespace benchd::analysis
