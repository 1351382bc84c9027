#include "analysis/comparison/run_values.h"

#include <gtest/gtest.h>

namespace benchd::analysis {
namespace {

using model::Measure;

model::RunRecord record() {
  model::RunRecord record;
  record.variant = "pypy3";
  record.block = 4;
  record.duration_ns = 2'000'000'000;
  record.cpu_usec = 500'000;
  record.cpu_ns = {{0, 10}, {1, 40}, {5, 30}};
  record.tasks = {{.key = {"job", "failed"}, .tasks = 3, .timed = 3, .duration_ns = 9'000'000'000},
                  {.key = {"job", "ok"}, .tasks = 10, .timed = 8, .duration_ns = 16'000'000}};
  record.task_span_ns = 1'000'000'000;
  return record;
}

TEST(RunValues, TaskMeasuresAreOfTasksThatWentWell) {
  const auto values = values_of(record(), "");
  EXPECT_DOUBLE_EQ(*values[Measure::Duration], 2);
  EXPECT_DOUBLE_EQ(*values[Measure::CpuSeconds], 0.5);
  EXPECT_DOUBLE_EQ(*values[Measure::TaskTime], 0.002);
  EXPECT_DOUBLE_EQ(*values[Measure::CpuPerTask], 0.05);
  EXPECT_DOUBLE_EQ(*values[Measure::Throughput], 10);
  EXPECT_FALSE(values[Measure::MemoryPeak]) << "absent, not 0";
  EXPECT_FALSE(values[Measure::IoBytes]);
}

TEST(RunValues, PercentilesWantEnoughTasks) {
  model::RunRecord many = record();
  model::RunTasks& ok = many.tasks[1];
  ok.timed = ok.tasks = 999;
  ok.durations = {{50, 990}, {60, 9}};
  const auto values = values_of(many, "job");
  EXPECT_DOUBLE_EQ(*values[Measure::P50TaskTime], 50e-9);
  EXPECT_DOUBLE_EQ(*values[Measure::P95TaskTime], 50e-9);
  EXPECT_FALSE(values[Measure::P99TaskTime]);
  EXPECT_EQ(why_without(many, Measure::P99TaskTime, "job"), "run  has 999 timed tasks of \"job\", and it wants 1000");
  ++ok.timed;
  ++ok.durations[1].second;
  EXPECT_DOUBLE_EQ(*values_of(many, "job")[Measure::P99TaskTime], 50e-9);
}

TEST(RunValues, WhatARunDoesNotHaveIsExplained) {
  model::RunRecord run = record();
  run.id = "7";
  EXPECT_EQ(why_without(run, Measure::TaskTime, "walk"),
            "run 7 has no tasks of \"walk\" with the outcome \"ok\": does a rule find them in its log?");
  run.tasks.push_back({.key = {"request", "ok"}, .tasks = 1});
  EXPECT_EQ(why_without(run, Measure::TaskTime, ""),
            "run 7 has tasks of several kinds; name the one that the measure is about: job, request");
  EXPECT_EQ(why_without(run, Measure::TaskTime, "request"), "run 7 has no durations of its tasks of \"request\"");
}

TEST(RunValues, OfSeveralKindsOneMustBeNamed) {
  model::RunRecord two = record();
  two.tasks.push_back({.key = {"request", "ok"}, .tasks = 1, .timed = 1, .duration_ns = 5'000'000'000});
  EXPECT_FALSE(values_of(two, "")[Measure::TaskTime]);
  EXPECT_DOUBLE_EQ(*values_of(two, "request")[Measure::TaskTime], 5);
  EXPECT_FALSE(values_of(two, "nobody")[Measure::TaskTime]);
}

TEST(RunValues, TheRunOfARecord) {
  const model::Experiment experiment{.variants = {"python3", "pypy3"}};
  model::RunRecord it = record();
  const auto run = run_of(it, experiment);
  ASSERT_TRUE(run);
  EXPECT_EQ(run->variant, 1U);
  EXPECT_EQ(run->block, 4U);
  EXPECT_EQ(run->cpu, 1U);
  EXPECT_FALSE(run->failed);
  it.failure = "exit code 1";
  EXPECT_TRUE(run_of(it, experiment)->failed);
  it.warm_up = true;
  EXPECT_FALSE(run_of(it, experiment)) << "warm-up runs do not count";
  it = record();
  it.variant = "go";
  EXPECT_FALSE(run_of(it, experiment)) << "of another experiment";
}

}  // namespace
}  // namespace benchd::analysis
