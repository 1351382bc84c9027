#include "daemon/campaign/definition/plan.h"

#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

namespace benchd::campaign {
namespace {

Definition definition(uint32_t variants, uint64_t runs, uint64_t warm_up = 0, bool control = false) {
  Definition it;
  for (uint32_t i = 0; i < variants; ++i) {
    it.variants.push_back({.name = std::string(1, static_cast<char>('a' + i))});
    it.experiment.variants.push_back(it.variants.back().name);
  }
  it.runs = runs;
  it.warm_up = warm_up;
  it.experiment.control = control;
  it.experiment.baseline = 1;
  return it;
}

TEST(SplitMix, GivesThePublishedNumbers) {
  SplitMix random(1234567);  // as in the reference implementation, https://prng.di.unimi.it/splitmix64.c
  EXPECT_EQ(random(), 6457827717110365317U);
  EXPECT_EQ(random(), 3203168211198807973U);
  EXPECT_EQ(random(), 9817491932198370423U);
}

TEST(SplitMix, EachNumberBelowTheBoundIsAsLikely) {
  SplitMix random(1);
  std::map<uint64_t, int> seen;
  for (int i = 0; i < 30'000; ++i) ++seen[random.below(3)];
  ASSERT_EQ(seen.size(), 3U);
  for (const auto& [number, times] : seen) EXPECT_NEAR(times, 10'000, 400) << number;
}

TEST(Plan, EachBlockHasEachVariantOnceAndTheControl) {
  const std::vector<Start> plan = make_plan(definition(3, 50, 2, true), 7);
  ASSERT_EQ(plan.size(), 2 * 3 + 50 * 4U);
  std::map<std::optional<uint64_t>, std::multiset<std::pair<uint32_t, bool>>> blocks;
  for (size_t i = 0; i < plan.size(); ++i) {
    EXPECT_EQ(plan[i].order, i);
    EXPECT_EQ(plan[i].block.has_value(), i >= 6) << "warm-up runs come first";
    blocks[plan[i].block].insert({plan[i].variant, plan[i].control});
  }
  using Starts = std::multiset<std::pair<uint32_t, bool>>;
  EXPECT_EQ(blocks[std::nullopt], (Starts{{0, false}, {0, false}, {1, false}, {1, false}, {2, false}, {2, false}}));
  for (uint64_t block = 0; block < 50; ++block)
    EXPECT_EQ(blocks[block], (Starts{{0, false}, {1, false}, {1, true}, {2, false}})) << block;
}

TEST(Plan, TheOrderWithinBlocksIsTheSeedsAndFair) {
  const auto order = [](uint64_t seed) {
    std::vector<uint32_t> variants;
    for (const Start& start : make_plan(definition(4, 500), seed)) variants.push_back(start.variant);
    return variants;
  };
  EXPECT_EQ(order(1), order(1));
  EXPECT_NE(order(1), order(2));
  std::map<uint32_t, int> first;
  const std::vector<uint32_t> variants = order(3);
  for (size_t i = 0; i < variants.size(); i += 4) ++first[variants[i]];
  for (uint32_t variant = 0; variant < 4; ++variant) EXPECT_NEAR(first[variant], 125, 45) << variant;
}

TEST(Plan, IdsAreUniqueAndTellTheBlock) {
  std::set<std::string> ids;
  const std::vector<Start> plan = make_plan(definition(3, 20, 1, true), 7);
  for (const Start& start : plan) ids.insert(run_id("c", start));
  EXPECT_EQ(ids.size(), plan.size());
  EXPECT_EQ(run_id("c", plan[0]), "c/warm-up/0");
  EXPECT_EQ(run_id("c", plan[7]), "c/1/7");
}

TEST(Definition, TheHashTellsAnEditFromTheSame) {
  const Definition it = definition(2, 20);
  Definition other = it;
  EXPECT_EQ(hash_of(canonical_json(it)), hash_of(canonical_json(other)));
  other.variants[1].command = {"true"};
  EXPECT_NE(hash_of(canonical_json(it)), hash_of(canonical_json(other)));
  other = it;
  other.experiment.threshold = 0.05;
  EXPECT_NE(hash_of(canonical_json(it)), hash_of(canonical_json(other)));
  EXPECT_EQ(hash_of(""), "cbf29ce484222325");  // FNV-1a's offset basis
}

}  // namespace
}  // namespace benchd::campaign
