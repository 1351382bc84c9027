#include "analysis/comparison/compare.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>

#include <gtest/gtest.h>

namespace benchd::analysis {
namespace {

using model::Blocking;
using model::Doubt;
using model::Experiment;
using model::Measure;
using model::Run;
using model::Verdict;

/// A campaign in blocks: each variant's true ratio to the baseline, noise shared by a block and noise of its own.
class Campaign {
 public:
  explicit Campaign(std::vector<double> ratios, double noise = 0.01) : ratios_(std::move(ratios)), noise_(noise) {
    experiment.name = "e";
    experiment.measure = Measure::Duration;
    for (size_t i = 0; i < ratios_.size(); ++i) experiment.variants.push_back("v" + std::to_string(i));
  }

  Campaign& blocks(size_t count, const std::string& host = "") {
    for (size_t i = 0; i < count; ++i, ++block_) {
      const double together = std::exp(0.1 * normal_(engine_));
      for (uint32_t variant = 0; variant < ratios_.size(); ++variant) add(variant, false, host, together);
      if (experiment.control) add(experiment.baseline, true, host, together);
    }
    return *this;
  }
  /// One variant after the other.
  Campaign& one_after_the_other(size_t count) {
    for (uint32_t variant = 0; variant < ratios_.size(); ++variant) {
      for (size_t i = 0; i < count; ++i) add(variant, false, "", 1);
    }
    return without_blocks();
  }
  Campaign& without_blocks() {
    for (Run& run : runs) run.block.reset();
    return *this;
  }
  Run& run(size_t block, uint32_t variant) {
    for (Run& it : runs) {
      if (it.block == block && it.variant == variant && !it.control) return it;
    }
    throw std::out_of_range("no such run");
  }
  model::ComparisonSet compared(const Question& question = {}) {
    auto result = compare(experiment, runs, question);
    EXPECT_TRUE(result.ok());
    return *result;
  }

  Experiment experiment;
  std::vector<Run> runs;

 private:
  void add(uint32_t variant, bool control, const std::string& host, double together) {
    Run run;
    run.variant = variant;
    run.control = control;
    run.block = block_;
    run.host = host;
    run.values.set(experiment.measure, ratios_[variant] * together * std::exp(noise_ * normal_(engine_)));
    runs.push_back(run);
  }

  std::vector<double> ratios_;
  double noise_;
  std::mt19937_64 engine_{42};
  std::normal_distribution<double> normal_;
  uint64_t block_ = 0;
};

TEST(Compare, ABlockedCampaignEndsInAVerdictForEachVariant) {
  const auto set = Campaign({1, 1.3, 0.9, 1.0}).blocks(30).compared();
  EXPECT_EQ(set.blocking, Blocking::Campaign);
  EXPECT_EQ(set.blocks, 30);
  EXPECT_EQ(set.together, 3);
  ASSERT_EQ(set.comparisons.size(), 3);
  EXPECT_EQ(set.comparisons[0].verdict, Verdict::Slower);
  EXPECT_EQ(set.comparisons[1].verdict, Verdict::Faster);
  EXPECT_EQ(set.comparisons[2].verdict, Verdict::Equivalent);
  EXPECT_EQ(set.comparisons[0].blocks, 30);
  EXPECT_NEAR(set.comparisons[0].ratio.value, 1.3, 0.01);
  EXPECT_NEAR(set.comparisons[0].mean_ratio.value, 1.3, 0.01);
  EXPECT_TRUE(set.comparisons[0].spread);
  EXPECT_FALSE(set.comparisons[0].better_chance);
}

TEST(Compare, ThroughputIsBetterWhereItIsHigher) {
  Campaign campaign({1, 1.3, 0.8});
  campaign.experiment.measure = Measure::Throughput;
  const auto set = campaign.blocks(20).compared();
  EXPECT_EQ(set.comparisons[0].verdict, Verdict::Faster);
  EXPECT_EQ(set.comparisons[1].verdict, Verdict::Slower);
}

TEST(Compare, MoreComparisonsWidenEachInterval) {
  const auto one = Campaign({1, 1}).blocks(30).compared();
  auto campaign = Campaign({1, 1}).blocks(30);
  campaign.experiment.confidence = 1 - 0.05 / 4;
  const auto four = campaign.compared();
  EXPECT_LT(four.comparisons[0].ratio.bounds->low, one.comparisons[0].ratio.bounds->low);
  EXPECT_GT(four.comparisons[0].ratio.bounds->high, one.comparisons[0].ratio.bounds->high);
}

TEST(Compare, TooFewBlocksSayHowManyMore) {
  const auto set = Campaign({1, 1.3}).blocks(4).compared();
  EXPECT_EQ(set.comparisons[0].verdict, Verdict::Inconclusive);
  EXPECT_EQ(set.comparisons[0].doubt, Doubt::TooFewRuns);
  EXPECT_FALSE(set.comparisons[0].ratio.bounds);
  EXPECT_EQ(set.comparisons[0].more_runs, 2);
  const auto four_variants = Campaign({1, 1, 1, 1, 1}).blocks(6).compared();
  EXPECT_EQ(four_variants.comparisons[0].more_runs, 2);
}

TEST(Compare, AnEarlyLookNeedsMoreBlocks) {
  auto campaign = Campaign({1, 1.3}).blocks(6);
  EXPECT_EQ(campaign.compared().comparisons[0].verdict, Verdict::Slower);
  const auto early = campaign.compared({.look = 2, .planned_end = false});
  EXPECT_EQ(early.comparisons[0].doubt, Doubt::TooFewRuns);
  EXPECT_EQ(early.comparisons[0].more_runs, 2);
  EXPECT_EQ(early.looks, 2);
}

TEST(Compare, OneRunEachIsInconclusiveAndSaysWhatIsMissing) {
  const auto set = Campaign({1, 1.3}).blocks(1).compared();
  EXPECT_EQ(set.comparisons[0].verdict, Verdict::Inconclusive);
  EXPECT_EQ(set.comparisons[0].more_runs, 5);
}

TEST(Compare, AHostThatCannotResolveTheThresholdGetsNoVerdictOtherThanInconclusive) {
  Campaign good({1, 1.3});
  good.experiment.control = true;
  const auto passed = good.blocks(40).compared();
  ASSERT_TRUE(passed.control);
  EXPECT_TRUE(passed.control->passes);
  EXPECT_EQ(passed.together, 2);
  EXPECT_EQ(passed.comparisons[0].verdict, Verdict::Slower);

  Campaign noisy({1, 1.6}, 0.2);
  noisy.experiment.control = true;
  const auto failed = noisy.blocks(40).compared();
  ASSERT_TRUE(failed.control);
  EXPECT_FALSE(failed.control->passes);
  EXPECT_EQ(failed.comparisons[0].verdict, Verdict::Inconclusive);
  EXPECT_EQ(failed.comparisons[0].doubt, Doubt::HostFails);
}

TEST(Compare, OneVariantAfterTheOtherIsInconclusiveUnlessTheOrderIsAccepted) {
  auto campaign = Campaign({1, 1.3}).one_after_the_other(20);
  const auto set = campaign.compared();
  EXPECT_EQ(set.blocking, Blocking::None);
  EXPECT_EQ(set.comparisons[0].verdict, Verdict::Inconclusive);
  EXPECT_EQ(set.comparisons[0].doubt, Doubt::NotInterleaved);
  ASSERT_TRUE(set.comparisons[0].ratio.bounds);
  ASSERT_TRUE(set.comparisons[0].better_chance);
  EXPECT_EQ(set.comparisons[0].better_chance->value, 0);
  const auto accepted = campaign.compared({.accept_order = true});
  EXPECT_EQ(accepted.comparisons[0].verdict, Verdict::Slower);
  EXPECT_EQ(accepted.comparisons[0].doubt, Doubt::None);
}

TEST(Compare, TheChanceOfABetterRunIsThatOfMoreThroughput) {
  Campaign campaign({1, 1.3});
  campaign.experiment.measure = Measure::Throughput;
  const auto set = campaign.one_after_the_other(20).compared();
  ASSERT_TRUE(set.comparisons[0].better_chance);
  EXPECT_EQ(set.comparisons[0].better_chance->value, 1);
}

TEST(Compare, AlternatingStartsAreBlocks) {
  const auto set = Campaign({1, 1.05}).blocks(30).without_blocks().compared();
  EXPECT_EQ(set.blocking, Blocking::FoundInOrder);
  EXPECT_EQ(set.comparisons[0].blocks, 30);
  EXPECT_EQ(set.comparisons[0].verdict, Verdict::Slower);
}

TEST(Compare, SortedValuesAreNotPairedByTheirRank) {
  auto campaign = Campaign({1, 1.05}, 0.1).blocks(30).without_blocks();
  std::vector<std::vector<double>> values(2);
  for (const model::Run& run : campaign.runs) values[run.variant].push_back(*run.values[Measure::Duration]);
  for (auto& sorted : values) std::sort(sorted.begin(), sorted.end(), std::greater());
  for (model::Run& run : campaign.runs) {
    run.values.set(Measure::Duration, values[run.variant].back());
    values[run.variant].pop_back();
  }
  const auto set = campaign.compared();
  EXPECT_EQ(set.blocking, Blocking::None);
  EXPECT_EQ(set.comparisons[0].doubt, Doubt::NotInterleaved);
}

TEST(Compare, AFailedVariantCountsAsTheWorst) {
  auto campaign = Campaign({1, 1}).blocks(40);
  for (const size_t block : {3, 9, 20}) campaign.run(block, 1).failed = true;
  const auto set = campaign.compared();
  EXPECT_EQ(set.comparisons[0].variant.failed, 3);
  EXPECT_EQ(set.comparisons[0].blocks, 40);
  EXPECT_EQ(set.comparisons[0].verdict, Verdict::Equivalent);
  const auto without = Campaign({1, 1}).blocks(40).compared();
  EXPECT_GT(set.comparisons[0].ratio.bounds->high, without.comparisons[0].ratio.bounds->high);
  EXPECT_EQ(set.comparisons[0].variant.values[3], std::nullopt);
}

TEST(Compare, ABlockThatFailedOnBothSidesSaysNothing) {
  auto campaign = Campaign({1, 1}).blocks(40);
  campaign.run(5, 0).failed = campaign.run(5, 1).failed = true;
  const auto set = campaign.compared();
  EXPECT_EQ(set.comparisons[0].blocks, 39);
  EXPECT_EQ(set.baseline.failed, 1);
  EXPECT_EQ(set.comparisons[0].variant.failed, 1);
}

TEST(Compare, MoreThanATenthFailedGetsNoVerdict) {
  auto campaign = Campaign({1, 0.5, 1}).blocks(20);
  for (const size_t block : {3, 9}) campaign.run(block, 1).failed = true;
  EXPECT_TRUE(campaign.compared().comparisons[0].verdict);
  campaign.run(11, 1).failed = true;
  auto set = campaign.compared();
  EXPECT_FALSE(set.comparisons[0].verdict);
  EXPECT_EQ(set.comparisons[0].doubt, Doubt::TooManyFailures);
  EXPECT_EQ(set.comparisons[1].verdict, Verdict::Equivalent);
  for (const size_t block : {1, 2, 4}) campaign.run(block, 0).failed = true;
  EXPECT_FALSE(campaign.compared().comparisons[1].verdict);
}

TEST(Compare, ExcludedRunsAreListedAndTheVerdictWithThemIsSaid) {
  auto campaign = Campaign({1, 1}).blocks(12);
  for (const size_t block : {1, 2, 3, 4, 5}) {
    model::Run& busy = campaign.run(block, 1);
    busy.exclusion = "host busy";
    busy.values.set(Measure::Duration, 10);
  }
  const auto set = campaign.compared();
  const auto& comparison = set.comparisons[0];
  EXPECT_EQ(comparison.blocks, 7);
  EXPECT_EQ(comparison.verdict, Verdict::Equivalent);
  EXPECT_EQ(comparison.with_excluded, Verdict::Inconclusive);
  ASSERT_EQ(comparison.variant.excluded.size(), 5);
  EXPECT_EQ(comparison.variant.excluded[0].cause, "host busy");
  EXPECT_EQ(comparison.variant.excluded[0].run, 3);
  EXPECT_EQ(comparison.variant.excluded[0].value, 10);
  EXPECT_EQ(comparison.variant.runs, 7);
}

TEST(Compare, AnExcludedRunOfTheBaselineTakesItsBlockAlong) {
  auto campaign = Campaign({1, 1}).blocks(12);
  campaign.run(2, 0).exclusion = "steal";
  campaign.run(2, 0).values.set(Measure::Duration, 10);
  const auto set = campaign.compared();
  EXPECT_EQ(set.comparisons[0].blocks, 11);
  EXPECT_EQ(set.baseline.runs, 11);
  ASSERT_EQ(set.baseline.excluded.size(), 1);
  EXPECT_EQ(set.comparisons[0].verdict, Verdict::Equivalent);
  EXPECT_NEAR(set.comparisons[0].mean_ratio.value, 1, 0.02);
}

TEST(Compare, AllValuesEqualAreEquivalent) {
  auto campaign = Campaign({1, 1}).blocks(8);
  for (model::Run& run : campaign.runs) run.values.set(Measure::Duration, 3);
  const auto set = campaign.compared();
  EXPECT_EQ(set.comparisons[0].ratio.value, 1);
  EXPECT_EQ(set.comparisons[0].verdict, Verdict::Equivalent);
  EXPECT_FALSE(set.comparisons[0].spread);
}

TEST(Compare, ValuesOfZeroHaveNoRatio) {
  auto campaign = Campaign({1, 1}).blocks(8);
  campaign.run(2, 0).values.set(Measure::Duration, 0);
  const auto set = campaign.compared();
  EXPECT_FALSE(set.comparisons[0].verdict);
  EXPECT_EQ(set.comparisons[0].doubt, Doubt::NoRatio);
}

TEST(Compare, AVariantThatNeverRanHasNothingToCompare) {
  auto campaign = Campaign({1, 1}).blocks(8);
  campaign.experiment.variants.emplace_back("absent");
  const auto set = campaign.compared();
  EXPECT_EQ(set.comparisons[0].verdict, Verdict::Equivalent);
  EXPECT_EQ(set.comparisons[1].doubt, Doubt::NothingToCompare);
  EXPECT_FALSE(set.comparisons[1].verdict);
}

TEST(Compare, OtherMeasuresStandBesideWithoutAVerdict) {
  auto campaign = Campaign({1, 1}).blocks(10);
  for (model::Run& run : campaign.runs) {
    run.values.set(Measure::MemoryPeak, run.variant == 1 ? 200 : 100);
    run.values.set(Measure::IoBytes, 0);
  }
  const auto set = campaign.compared();
  ASSERT_EQ(set.comparisons[0].beside.size(), 1);
  EXPECT_EQ(set.comparisons[0].beside[0].measure, Measure::MemoryPeak);
  EXPECT_NEAR(set.comparisons[0].beside[0].ratio, 2, 1e-12);
}

TEST(Compare, BlocksOfTwoHostsWithEqualNumbersAreFourBlocks) {
  auto campaign = Campaign({1, 1.2}).blocks(5, "one");
  auto second = Campaign({1, 1.2}).blocks(5, "two");
  campaign.runs.insert(campaign.runs.end(), second.runs.begin(), second.runs.end());
  const auto set = campaign.compared();
  EXPECT_EQ(set.hosts, 2);
  EXPECT_FALSE(set.drift) << "hosts have no common order";
  EXPECT_EQ(set.blocks, 10);
  EXPECT_EQ(set.comparisons[0].blocks, 10);
  EXPECT_EQ(set.comparisons[0].verdict, Verdict::Slower);
}

TEST(Compare, RefusesVariantsThatNeverSharedAHost) {
  auto campaign = Campaign({1, 1.2}).one_after_the_other(10);
  for (model::Run& run : campaign.runs) run.host = run.variant == 0 ? "one" : "two";
  const auto result = compare(campaign.experiment, campaign.runs, {});
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.error().message().find("never ran on the same host"), std::string::npos);
}

TEST(Compare, RefusesAVariantTwiceInABlockAndASingleVariant) {
  auto campaign = Campaign({1, 1.2}).blocks(10);
  campaign.runs.push_back(campaign.runs.back());
  EXPECT_FALSE(compare(campaign.experiment, campaign.runs, {}).ok());
  EXPECT_FALSE(compare(Campaign({1}).experiment, Campaign({1}).blocks(10).runs, {}).ok());
  EXPECT_FALSE(compare(campaign.experiment, {}, {}).ok());
}

TEST(Compare, ADriftOfTheSessionIsSeenAndHidesNothing) {
  auto campaign = Campaign({1, 1.05}, 0.005).blocks(50);
  size_t i = 0;
  for (model::Run& run : campaign.runs) {
    const double drift = 1 + 0.2 * static_cast<double>(i++) / static_cast<double>(campaign.runs.size() - 1);
    run.values.set(Measure::Duration, drift * (run.variant == 1 ? 1.05 : 1.0));
  }
  const auto set = campaign.compared();
  ASSERT_TRUE(set.drift);
  EXPECT_TRUE(set.drift->significant);
  EXPECT_NEAR(set.drift->change, 0.2, 0.02);
  EXPECT_EQ(set.comparisons[0].verdict, Verdict::Slower);
}

}  // namespace
}  // namespace benchd::analysis
