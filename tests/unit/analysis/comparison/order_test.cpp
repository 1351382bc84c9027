// What the order of starts tells: blocks, drift.
#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "analysis/comparison/blocks.h"
#include "analysis/comparison/drift.h"

namespace benchd::analysis {
namespace {

/// "abba": one run a letter.
std::vector<model::Run> runs(const std::string& letters, const std::string& host = "") {
  std::vector<model::Run> result;
  for (const char letter : letters) {
    model::Run run;
    run.variant = static_cast<uint32_t>(letter - 'a');
    run.host = host;
    result.push_back(run);
  }
  return result;
}

using Blocks = std::vector<uint64_t>;

TEST(BlocksInOrder, EndWhereEachVariantWasThere) {
  EXPECT_EQ(blocks_in_order(runs("abbaab"), 2), (Blocks{0, 0, 1, 1, 2, 2}));
  EXPECT_EQ(blocks_in_order(runs("abccab"), 3), (Blocks{0, 0, 0, 1, 1, 1}));
}

TEST(BlocksInOrder, OneAfterTheOtherHasNone) {
  EXPECT_TRUE(blocks_in_order(runs("aaaabbbb"), 2).empty());
}

TEST(BlocksInOrder, ALostRunCostsItsBlockAlone) {
  // The 5th block's b is lost.
  EXPECT_EQ(blocks_in_order(runs("ababababaababababababab"), 2),
            (Blocks{0, 0, 1, 1, 2, 2, 3, 3, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11}));
}

TEST(BlocksInOrder, PartlyAlternatingIsNotAlternating) {
  EXPECT_TRUE(blocks_in_order(runs("abababaaabbb"), 2).empty());
}

TEST(BlocksInOrder, HostsRunAtTheSameTimeEachInItsOwn) {
  auto mixed = runs("ab", "one");
  const auto other = runs("ba", "two");
  mixed.insert(mixed.begin() + 1, other.begin(), other.end());
  EXPECT_EQ(blocks_in_order(mixed, 2), (Blocks{0, 1, 1, 0}));
}

TEST(LooksSorted, WhereAVariantsValuesOnlyRiseOrOnlyFall) {
  auto sorted = runs("abababababab");
  double value = 1;
  for (model::Run& run : sorted) run.values.set(model::Measure::Value, value += 0.1);
  EXPECT_TRUE(looks_sorted(sorted, 2, model::Measure::Value));
  for (model::Run& run : sorted) run.values.set(model::Measure::Value, value -= 0.1);
  EXPECT_TRUE(looks_sorted(sorted, 2, model::Measure::Value));
  sorted[4].values.set(model::Measure::Value, 5);
  EXPECT_TRUE(looks_sorted(sorted, 2, model::Measure::Value)) << "b still is";
  sorted[5].values.set(model::Measure::Value, 5);
  EXPECT_FALSE(looks_sorted(sorted, 2, model::Measure::Value));
}

TEST(LooksSorted, NotWhereValuesAreEqualOrFew) {
  auto equal = runs("abababababab");
  for (model::Run& run : equal) run.values.set(model::Measure::Value, 1);
  EXPECT_FALSE(looks_sorted(equal, 2, model::Measure::Value));
  auto few = runs("ababab");
  double value = 1;
  for (model::Run& run : few) run.values.set(model::Measure::Value, value += 0.1);
  EXPECT_FALSE(looks_sorted(few, 2, model::Measure::Value));
}

std::vector<double> series(uint64_t seed, size_t n, double slope, double remembered) {
  std::mt19937_64 engine(seed);
  std::normal_distribution<double> normal(0, 0.02);
  std::vector<double> values;
  double noise = 0;
  for (size_t i = 0; i < n; ++i) {
    noise = remembered * noise + normal(engine);
    values.push_back(noise + slope * static_cast<double>(i) / static_cast<double>(n - 1));
  }
  return values;
}

TEST(Drift, IsTheChangeFromTheFirstRunToTheLast) {
  std::vector<double> line;
  for (int i = 0; i < 50; ++i) line.push_back(std::log(1.1) * i / 49);
  const auto found = drift(line);
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->change, 0.1, 1e-9);
  EXPECT_TRUE(found->significant);
}

TEST(Drift, OfTenPercentIsFoundInNoiseOfTwo) {
  int found = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) found += drift(series(seed, 100, std::log(1.1), 0))->significant ? 1 : 0;
  EXPECT_GE(found, 99);
}

TEST(Drift, IsNotSeenWhereRunsAreIndependent) {
  int found = 0;
  for (uint64_t seed = 0; seed < 2000; ++seed) found += drift(series(seed, 100, 0, 0))->significant ? 1 : 0;
  EXPECT_LE(found, 100 + 3 * std::sqrt(2000 * 0.05 * 0.95));
}

TEST(Drift, IsSeenRarelyWhereRunsOnlyResembleTheirNeighbours) {
  // Plain correlation calls 33–65 % of such series significant.
  int found = 0;
  for (uint64_t seed = 0; seed < 2000; ++seed) found += drift(series(seed, 100, 0, 0.8))->significant ? 1 : 0;
  EXPECT_LE(found, 2000 * 0.10);
}

TEST(Drift, EqualValuesHaveNone) {
  const auto found = drift(std::vector<double>(100, 0.3));
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->change, 0, 1e-12);
  EXPECT_FALSE(found->significant);
}

TEST(Drift, NeedsTwentyRuns) {
  EXPECT_FALSE(drift(std::vector<double>(19, 1.0)));
}

}  // namespace
}  // namespace benchd::analysis
