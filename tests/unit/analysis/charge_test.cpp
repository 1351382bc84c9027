#include "analysis/charge.h"

#include <random>

#include <gtest/gtest.h>

namespace benchd::analysis {
namespace {

using model::Field;
using model::Mark;
using model::Reading;
using model::RunState;
using model::WorkloadTotals;

Reading reading(uint64_t cpu_usec, std::optional<bool> populated = true) {
  Reading it;
  it.at = 1;
  it.values.set(Field::CpuUsage, cpu_usec);
  if (populated) it.values.set(Field::CgroupPopulated, *populated ? 1 : 0);
  return it;
}

model::Metadata exited(int code) {
  model::Metadata it;
  it.exit_code = code;
  return it;
}

TEST(Charge, AddsWhatTheCountersGrewByAndOneRun) {
  Mark mark;
  Reading now = reading(100);
  now.io = {{{8, 0}, 10, 20}, {{8, 16}, 1, 2}};
  now.threads = model::ThreadTimes{.on_cpu = 5, .runnable = 6, .blocked = 7, .blocked_on_disk = 3};
  EXPECT_EQ(charge(mark, now), (WorkloadTotals{.runs = 1,
                                               .cpu_usec = 100,
                                               .on_cpu_ns = 5,
                                               .runnable_ns = 6,
                                               .blocked_ns = 7,
                                               .io_read_bytes = 11,
                                               .io_written_bytes = 22}));
  EXPECT_EQ(charge(mark, now), WorkloadTotals{});
  now.values.set(Field::CpuUsage, 130);
  now.io[0].read_bytes += 5;
  now.threads->blocked += 9;
  EXPECT_EQ(charge(mark, now), (WorkloadTotals{.cpu_usec = 30, .blocked_ns = 9, .io_read_bytes = 5}));
  EXPECT_EQ(mark.threads, now.threads);
}

TEST(Charge, ACounterThatFellAddsNothingAndGoesOnFromThere) {
  Mark mark;
  charge(mark, reading(100));
  EXPECT_EQ(charge(mark, reading(40)).cpu_usec, 0U);
  EXPECT_EQ(charge(mark, reading(45)).cpu_usec, 5U);
}

TEST(Charge, WhatIsAbsentIsAsItWas) {
  Mark mark;
  Reading full = reading(100);
  full.io = {{{8, 0}, 10, 20}};
  full.threads = model::ThreadTimes{.on_cpu = 5};
  charge(mark, full);
  Reading nothing;
  EXPECT_EQ(charge(mark, nothing), WorkloadTotals{});
  EXPECT_EQ(mark.threads, full.threads);
  EXPECT_EQ(charge(mark, full), WorkloadTotals{});
}

TEST(Charge, EstimatedThreadTimesAreKeptButNeverCharged) {
  Mark mark;
  Reading exact = reading(100);
  exact.threads = model::ThreadTimes{.on_cpu = 5, .migrations = 2};
  charge(mark, exact);
  Reading estimated = reading(130);
  estimated.threads_estimated = true;
  estimated.threads = model::ThreadTimes{.on_cpu = 50, .runnable = 60, .blocked = 70, .alive = 3};
  EXPECT_EQ(charge(mark, estimated), (WorkloadTotals{.cpu_usec = 30}));
  EXPECT_EQ(mark.threads, exact.threads);
  EXPECT_EQ(mark.threads_estimated, (model::ThreadTimes{.on_cpu = 50, .runnable = 60, .blocked = 70, .alive = 3}));
  EXPECT_EQ(all_of(mark).on_cpu_ns, 5U);
}

TEST(Charge, ACgroupThatNobodyEverEnteredHasNoRun) {
  Mark mark;
  EXPECT_EQ(charge(mark, reading(0, false)), WorkloadTotals{});
  EXPECT_EQ(mark.run, RunState::NotYet);
}

TEST(Charge, ARunTooBriefToBeSeenPopulatedIsKnownByItsTime) {
  Mark mark;
  charge(mark, reading(0, false));
  EXPECT_EQ(charge(mark, reading(7, false)).runs, 1U);
  EXPECT_EQ(charge(mark, reading(9, false)).runs, 0U);
}

TEST(Charge, PopulatedAfterTheEndIsASecondRunWhoeverTellsFirst) {
  Mark seen;
  charge(seen, reading(5));
  seen.run = RunState::Over;
  EXPECT_EQ(charge(seen, reading(5, std::nullopt)).runs, 0U);  // the end's gauges are gone
  EXPECT_EQ(charge(seen, reading(6)).runs, 1U);
  EXPECT_EQ(charge_restart(seen).runs, 0U);

  Mark told;
  charge(told, reading(5));
  told.run = RunState::Over;
  EXPECT_EQ(charge_restart(told).runs, 1U);
  EXPECT_EQ(charge(told, reading(6)).runs, 0U);
  EXPECT_EQ(told.runs, 2U);
}

TEST(Charge, AFailureIsCountedOnceARunAndOnlyAfterIt) {
  Mark mark;
  charge(mark, reading(5));
  EXPECT_EQ(charge_failure(mark, exited(1)).failures, 0U);  // of the run before
  mark.run = RunState::Over;
  EXPECT_EQ(charge_failure(mark, model::Metadata{}).failures, 0U);
  EXPECT_EQ(charge_failure(mark, exited(0)).failures, 0U);
  EXPECT_EQ(charge_failure(mark, exited(1)).failures, 1U);
  EXPECT_EQ(charge_failure(mark, exited(1)).failures, 0U);
  charge_restart(mark);
  mark.run = RunState::Over;
  EXPECT_EQ(charge_failure(mark, exited(137)).failures, 1U);
}

TEST(Charge, KilledForWantOfMemoryIsAFailureWhateverTheExitCode) {
  Mark mark{.threads = {}, .threads_estimated = {}, .runs = 1, .run = RunState::Over};
  model::Metadata killed = exited(0);
  killed.oom_killed = true;
  EXPECT_EQ(charge_failure(mark, killed).failures, 1U);
}

/// Whatever order things come in, a workload that learns of a container late has what one that knew it at once has.
TEST(Charge, ALateNameGetsAllThatAnEarlyOneGot) {
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    Mark mark;
    WorkloadTotals early;
    uint64_t cpu = 0;
    for (int step = 0; step < 30; ++step) {
      switch (random() % 4) {
        case 0:
          mark.run = mark.run == RunState::Going ? RunState::Over : mark.run;
          break;
        case 1:
          add(early, charge_restart(mark));
          break;
        case 2:
          add(early, charge_failure(mark, exited(static_cast<int>(random() % 2))));
          break;
        default:
          add(early, charge(mark, reading(cpu += random() % 100, random() % 2 == 0)));
      }
    }
    ASSERT_EQ(early, all_of(mark)) << "round " << round;
  }
}

TEST(OnlySlept, IsSoWhereNothingButTheTimeBlockedGrew) {
  model::Mark before{.at = 10, .cpu_usec = 5, .threads = model::ThreadTimes{.on_cpu = 1, .blocked = 2, .alive = 3}};
  model::Mark after = before;
  after.at = 20;
  after.threads->blocked = 32;
  EXPECT_TRUE(only_slept(before, after));
  after.threads->voluntary_switches = 1;
  EXPECT_FALSE(only_slept(before, after));
  before.threads_estimated = model::ThreadTimes{.blocked = 1, .alive = 1};
  after = before;
  after.threads_estimated->blocked = 2;
  EXPECT_TRUE(only_slept(before, after));
  after = before;
  after.cpu_usec = 6;
  EXPECT_FALSE(only_slept(before, after));
  after = before;
  after.threads.reset();
  EXPECT_FALSE(only_slept(before, after));
}

}  // namespace
}  // namespace benchd::analysis
