#include "analysis/comparison/records.h"

#include <gmock/gmock.h>

namespace benchd::analysis {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

model::RunRecord run_of(const std::string& variant, uint64_t block, int64_t duration) {
  model::RunRecord run;
  run.id = variant + std::to_string(block);
  run.variant = variant;
  run.block = block;
  run.duration_ns = duration;
  return run;
}

std::vector<model::RunRecord> blocks(uint64_t count) {
  std::vector<model::RunRecord> runs;
  for (uint64_t block = 0; block < count; ++block) {
    const auto noise = static_cast<int64_t>(block);
    runs.push_back(run_of("old", block, 1'000'000 + noise));
    runs.push_back(run_of("new", block, 800'000 + 2 * noise));
  }
  return runs;
}

TEST(RecordsTest, RunsOfTheLedgerAreComparedBlockByBlockWithoutWarmUpsAndStrangers) {
  std::vector<model::RunRecord> runs = blocks(10);
  runs.insert(runs.begin(), run_of("old", 0, 5));
  runs.front().warm_up = true;
  runs.push_back(run_of("stranger", 0, 5));
  model::Experiment experiment;
  experiment.variants = {"old", "new"};
  const auto set = compare(experiment, runs, {});
  ASSERT_TRUE(set.ok()) << set.error().message();
  EXPECT_EQ(set->blocks, 10U);
  EXPECT_EQ(set->baseline.runs, 10U);
  ASSERT_EQ(set->comparisons.size(), 1U);
  EXPECT_EQ(set->comparisons[0].verdict, model::Verdict::Faster);
}

TEST(RecordsTest, OneRunOfEachIsRefusedWithAHint) {
  model::Experiment experiment;
  experiment.variants = {"old", "new"};
  EXPECT_THAT(compare(experiment, blocks(1), {}).error().message(), HasSubstr("until: {tasks: N}"));
}

TEST(RecordsTest, AMeasureThatNoRunHasIsRefusedWithTheReason) {
  model::Experiment experiment;
  experiment.variants = {"old", "new"};
  experiment.measure = model::Measure::P99TaskTime;
  EXPECT_THAT(compare(experiment, blocks(10), {}).error().message(), HasSubstr("no run has p99_task_time: run new9"));
}

TEST(RecordsTest, WhatNobodyDefinedHasItsVariantsInTheOrderOfTheirFirstStarts) {
  std::vector<model::RunRecord> runs = blocks(2);
  runs[0].warm_up = true;
  const model::Experiment experiment = experiment_of("builds", runs);
  EXPECT_EQ(experiment.name, "builds");
  EXPECT_THAT(experiment.variants, ElementsAre("new", "old"));
  EXPECT_EQ(experiment.baseline, 0U);
}

}  // namespace
}  // namespace benchd::analysis
