#include "analysis/run_figures.h"

#include <gmock/gmock.h>

namespace benchd::analysis {
namespace {

using model::Field;
using model::RunRecord;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

model::Reading reading() {
  model::Reading it;
  it.values.set(Field::CpuUsage, 100);
  it.values.set(Field::CpuUser, 70);
  it.values.set(Field::CpuSystem, 30);
  it.values.set(Field::CpuThrottled, 5);
  it.values.set(Field::MemoryPeak, 4096);
  it.io = {{.device = {8, 0}, .read_bytes = 1, .written_bytes = 2},
           {.device = {8, 16}, .read_bytes = 10, .written_bytes = 20}};
  it.cpus = {{0, 60'000}, {1, 0}, {2, 40'000}};
  it.threads = {.on_cpu = 9, .runnable = 8, .blocked = 7, .blocked_on_disk = 6};
  it.network_scope = model::NetworkScope::Own;
  it.network = {{.receive_bytes = 3, .transmit_bytes = 4}, {.receive_bytes = 30, .transmit_bytes = 40}};
  return it;
}

TEST(RunFigures, AReadingsCountersAreTheRecords) {
  RunRecord run;
  take_figures(reading(), false, run);
  EXPECT_EQ(run.cpu_usec, 100U);
  EXPECT_EQ(run.cpu_user_usec, 70U);
  EXPECT_EQ(run.cpu_system_usec, 30U);
  EXPECT_EQ(run.throttled_usec, 5U);
  EXPECT_EQ(run.memory_peak_bytes, 4096U);
  EXPECT_EQ(run.io_read_bytes, 11U);
  EXPECT_EQ(run.io_written_bytes, 22U);
  EXPECT_THAT(run.cpu_ns, ElementsAre(Pair(0, 60'000), Pair(2, 40'000)));
  EXPECT_EQ(run.threads->blocked_on_disk, 6U);
  EXPECT_EQ(run.network_received_bytes, 33U);
  EXPECT_EQ(run.network_sent_bytes, 44U);
}

TEST(RunFigures, WhatIsNotCollectedStaysUnknownAndWhatVanishedStaysAsItWas) {
  RunRecord run;
  take_figures({}, false, run);
  EXPECT_EQ(run, RunRecord{});
  take_figures(reading(), false, run);
  RunRecord before = run;
  before.cpu_ns.clear();
  take_figures({}, false, run);
  EXPECT_EQ(run, before);
  take_figures({}, true, run);
  EXPECT_EQ(run.io_read_bytes, 0U);
}

TEST(RunFigures, EstimatesAreNoFigures) {
  model::Reading estimated = reading();
  estimated.threads_estimated = true;
  RunRecord run;
  take_figures(estimated, false, run);
  EXPECT_THAT(run.cpu_ns, IsEmpty());
  EXPECT_FALSE(run.threads.has_value());
}

TEST(RunFigures, TheTrafficOfASharedNamespaceIsNotTheRuns) {
  model::Reading shared = reading();
  shared.network_scope = model::NetworkScope::Shared;
  RunRecord run;
  take_figures(shared, false, run);
  EXPECT_FALSE(run.network_received_bytes.has_value());
}

TEST(RunFigures, ALaterStartHasWhatItUsedItselfAndNoPeak) {
  RunRecord before;
  take_figures(reading(), true, before);
  before.tasks = {{.key = {"a", "ok"}, .tasks = 2, .timed = 2, .duration_ns = 9, .durations = {{4, 1}, {5, 1}}},
                  {.key = {"b", "ok"}, .tasks = 1}};
  RunRecord run = before;
  run.cpu_usec += 11;
  run.cpu_ns[1].second += 12;
  run.threads->runnable += 13;
  run.tasks[0].tasks = 3;
  run.tasks[0].timed = 3;
  run.tasks[0].duration_ns = 14;
  run.tasks[0].durations = {{4, 1}, {5, 2}};
  run.task_span_ns = 99;
  subtract(run, before);
  EXPECT_EQ(run.cpu_usec, 11U);
  EXPECT_THAT(run.cpu_ns, ElementsAre(Pair(2, 12)));
  EXPECT_EQ(run.threads->runnable, 13U);
  EXPECT_EQ(run.io_read_bytes, 0U);
  EXPECT_FALSE(run.memory_peak_bytes.has_value());
  EXPECT_FALSE(run.task_span_ns.has_value());
  ASSERT_THAT(run.tasks, SizeIs(1));
  EXPECT_EQ(run.tasks[0].duration_ns, 5U);
  EXPECT_THAT(run.tasks[0].durations, ElementsAre(Pair(5, 1)));
}

TEST(RunFigures, TheEndOfAnEarlierStartIsNotThisOnes) {
  RunRecord run;
  run.started_at = 10'000'000'000;
  model::Metadata metadata;
  metadata.exit_code = 1;
  EXPECT_FALSE(take_end(metadata, run));
  metadata.finished = 9.5;
  EXPECT_FALSE(take_end(metadata, run));
  EXPECT_FALSE(run.exit_code.has_value());
  metadata.finished = 10.5;
  EXPECT_TRUE(take_end(metadata, run));
  EXPECT_EQ(run.failure, "exit code 1");
  metadata.oom_killed = true;
  EXPECT_TRUE(take_end(metadata, run));
  EXPECT_EQ(run.failure, "killed for want of memory");
}

TEST(RunFigures, ATaskSpanIsFromTheFirstStartToTheLastEnd) {
  std::vector<model::TaskFigures> tasks(3);
  tasks[0].key = {"a", "ok"};
  tasks[0].totals.tasks = 1;
  tasks[0].totals.first_start = 5;
  tasks[0].totals.last_end = 9;
  tasks[1].key = {"a", "failed"};
  tasks[1].totals.tasks = 1;
  tasks[1].totals.first_start = 3;
  tasks[1].totals.last_end = 8;
  RunRecord run;
  take_tasks(tasks, run);
  EXPECT_THAT(run.tasks, SizeIs(2)) << "the third has none";
  EXPECT_EQ(run.task_span_ns, 6);
}

TEST(RunFigures, ARunLabelIsABlockOrARunOfACampaignOrNothing) {
  const auto labelled = [](const std::string& label) {
    model::Metadata metadata;
    metadata.labels["benchd.run"] = label;
    RunRecord run;
    describe(metadata, run);
    return run;
  };
  EXPECT_EQ(labelled("7").block, 7U);
  const RunRecord warm_up = labelled("c/warm-up/2");
  EXPECT_TRUE(warm_up.warm_up);
  EXPECT_EQ(warm_up.campaign, "c");
  EXPECT_EQ(labelled("nightly"), RunRecord{});
  EXPECT_EQ(labelled("a/b/c"), RunRecord{});
}

}  // namespace
}  // namespace benchd::analysis
