#include "collectors/kernel/totals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace benchd::kernel {
namespace {

using model::CpuTime;
using model::Field;
using testing::ElementsAre;

base::CpuSet cpus(std::initializer_list<size_t> list) {
  base::CpuSet set;
  for (const size_t cpu : list) set.set(cpu);
  return set;
}

TEST(ShowCpus, ShowsEffectiveCpusAtZeroFromBirthAndOthersFromTheirFirstUseOn) {
  std::vector<CpuTime> shown;
  show({0, 0, 7, 0}, cpus({0, 1}), shown);
  EXPECT_THAT(shown, ElementsAre(CpuTime{0, 0}, CpuTime{1, 0}, CpuTime{2, 7}));
  show({5, 0, 9, 3}, cpus({0}), shown);
  EXPECT_THAT(shown, ElementsAre(CpuTime{0, 5}, CpuTime{1, 0}, CpuTime{2, 9}, CpuTime{3, 3}));
}

TEST(ShowCpus, NeverTakesAValueBack) {
  std::vector<CpuTime> shown;
  show({10, 4}, {}, shown);
  show({8, 0}, {}, shown);
  EXPECT_THAT(shown, ElementsAre(CpuTime{0, 10}, CpuTime{1, 4}));
}

TEST(GoOn, WhatWasShownAndIsNotThereAnyMoreIsAddedForGood) {
  std::vector<uint64_t> lost;
  std::vector<uint64_t> by_cpu = {10, 4, 0};
  go_on({{.cpu = 0, .nanoseconds = 12}, {.cpu = 1, .nanoseconds = 3}, {.cpu = 7, .nanoseconds = 5}}, lost, by_cpu);
  EXPECT_THAT(by_cpu, ElementsAre(12, 4, 0));
  by_cpu = {11, 4, 1};
  go_on({}, lost, by_cpu);
  EXPECT_THAT(by_cpu, ElementsAre(13, 4, 1));
}

TEST(GoOn, NothingIsAddedWhereNothingIsMissing) {
  std::vector<uint64_t> lost;
  std::vector<uint64_t> by_cpu = {10, 4};
  go_on({{.cpu = 0, .nanoseconds = 10}, {.cpu = 1, .nanoseconds = 0}}, lost, by_cpu);
  EXPECT_THAT(by_cpu, ElementsAre(10, 4));
  EXPECT_THAT(lost, testing::IsEmpty());
}

TEST(ShowThreads, WhatIsNeitherOnACpuNorRunnableIsBlocked) {
  std::optional<model::ThreadTimes> shown;
  show({.alive = 100, .on_cpu = 30, .runnable = 20}, {}, false, shown);
  EXPECT_EQ(shown->on_cpu, 30u);
  EXPECT_EQ(shown->runnable, 20u);
  EXPECT_EQ(shown->blocked, 50u);
  EXPECT_FALSE(shown->blocked_on_disk);
}

TEST(ShowThreads, AWaitThatIsAddedWhenItEndsTakesNothingBackFromBlocked) {
  std::optional<model::ThreadTimes> shown;
  show({.alive = 100, .on_cpu = 30, .runnable = 0}, {}, true, shown);
  show({.alive = 110, .on_cpu = 31, .runnable = 60, .on_disk = 5}, {}, true, shown);
  EXPECT_EQ(shown->blocked, 70u);
  EXPECT_EQ(shown->runnable, 60u);
  EXPECT_EQ(shown->blocked_on_disk, 5u);
}

TEST(ShowThreads, WaitsForDisksAreAPartOfBlockedAndNeverMore) {
  std::optional<model::ThreadTimes> shown;
  show({.alive = 100, .on_cpu = 30, .runnable = 20, .on_disk = 51}, {}, true, shown);
  EXPECT_EQ(shown->blocked_on_disk, 50u);
  show({.alive = 200, .on_cpu = 30, .runnable = 20, .on_disk = 51}, {}, true, shown);
  EXPECT_EQ(shown->blocked_on_disk, 51u);
}

TEST(ShowThreads, GoesOnWhereAnEarlierBenchdStopped) {
  std::optional<model::ThreadTimes> shown;
  const model::ThreadTimes before{.on_cpu = 1000, .runnable = 500, .blocked = 200, .migrations = 3};
  show({.alive = 10, .on_cpu = 4, .runnable = 1, .migrations = 1}, before, false, shown);
  EXPECT_EQ(shown->on_cpu, 1004u);
  EXPECT_EQ(shown->runnable, 501u);
  EXPECT_EQ(shown->blocked, 205u);
  EXPECT_EQ(shown->migrations, 4u);
}

TEST(ApplyFinal, UserAndSystemAddUpToTheExactUsage) {
  model::Reading reading;
  apply({.cpu = {.by_cpu = {3'000'500, 1'000'000}, .user = 8'000'000, .system = 4'000'000}}, reading);
  EXPECT_EQ(reading.values.get(Field::CpuUsage), 4000u);
  EXPECT_EQ(reading.values.get(Field::CpuSystem), 1333u);
  EXPECT_EQ(reading.values.get(Field::CpuUser), 2667u);
}

TEST(ApplyFinal, AllTimeIsUserTimeWhereNoTickFellOnIt) {
  model::Reading reading;
  apply({.cpu = {.by_cpu = {900'000}}}, reading);
  EXPECT_EQ(reading.values.get(Field::CpuUser), 900u);
  EXPECT_EQ(reading.values.get(Field::CpuSystem), 0u);
}

TEST(ApplyFinal, NothingThatWasShownFalls) {
  model::Reading reading;
  reading.values.set(Field::CpuUsage, 5000);
  reading.values.set(Field::CpuUser, 1000);
  reading.values.set(Field::CpuSystem, 4000);
  reading.values.set(Field::MemoryPeak, 1 << 20);
  reading.values.set(Field::MemoryEventsOomKill, 2);
  Final final{.cpu = {.by_cpu = {4'999'000}, .user = 1'000'000'000}, .memory_peak = 4096};
  final.memory_events[4] = 1;
  final.memory_events[3] = 9;
  apply(final, reading);
  EXPECT_EQ(reading.values.get(Field::CpuUsage), 5000u);
  EXPECT_EQ(reading.values.get(Field::CpuUser), 1000u);
  EXPECT_EQ(reading.values.get(Field::CpuSystem), 4000u);
  EXPECT_EQ(reading.values.get(Field::MemoryPeak), 1u << 20);
  EXPECT_EQ(reading.values.get(Field::MemoryEventsOomKill), 2u);
  EXPECT_EQ(reading.values.get(Field::MemoryEventsOom), 9u);
}

TEST(ApplyFinal, AbsentMemoryStaysAbsent) {
  model::Reading reading;
  apply({.cpu = {.by_cpu = {1}}}, reading);
  EXPECT_FALSE(reading.values.has(Field::MemoryPeak));
  EXPECT_FALSE(reading.values.has(Field::MemoryEventsOomKill));
}

}  // namespace
}  // namespace benchd::kernel
