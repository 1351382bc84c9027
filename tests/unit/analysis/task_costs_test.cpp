#include "analysis/task_costs.h"

#include <random>

#include <gmock/gmock.h>

namespace benchd::analysis {
namespace {

using base::kMillisecond;
using base::kSecond;
using testing::SizeIs;

constexpr base::Instant kBegin = 1'000 * kSecond;

/// Long after everything: what can be closed is.
constexpr base::Instant kMuchLater = kBegin + 10'000 * kSecond;

base::Instant at(double seconds) {
  return kBegin + static_cast<int64_t>(seconds * kSecond);
}

model::Usage cpu_seconds(double seconds) {
  return {.cpu_ns = static_cast<uint64_t>(seconds * kSecond)};
}

double seconds(uint64_t nanoseconds) {
  return static_cast<double>(nanoseconds) / kSecond;
}

TEST(TaskCosts, TasksOneAfterTheOtherGetAllThatIsUsed) {
  TaskCosts costs;
  costs.used(at(0), {});
  for (int i = 0; i < 20; ++i) costs.task(7, 1, at(i * 0.5), at((i + 1) * 0.5));
  costs.used(at(10), cpu_seconds(9));
  TaskCosts::Closed closed;
  costs.close(kMuchLater, {}, closed);
  ASSERT_THAT(closed.costs, SizeIs(1));
  EXPECT_EQ(closed.costs[0].key, 7U);
  EXPECT_EQ(closed.costs[0].cost.tasks, 20U);
  EXPECT_EQ(closed.costs[0].cost.apportioned, 0U);
  EXPECT_EQ(closed.costs[0].cost.task_ns, 10U * kSecond);
  EXPECT_NEAR(seconds(closed.costs[0].cost.used.cpu_ns), 9, 1e-6);
  EXPECT_EQ(closed.residual.cpu_ns / 10, 0U);
}

TEST(TaskCosts, WhatIsUsedBetweenTasksIsResidual) {
  TaskCosts costs;
  costs.used(at(0), {});
  costs.cpu_used(at(1), 100 * kMillisecond);  // start of the task: 0.1 s before it
  costs.task(0, 1, at(1), at(2));
  costs.cpu_used(at(2), 900 * kMillisecond);
  costs.used(at(3), cpu_seconds(1.2));
  TaskCosts::Closed closed;
  costs.close(kMuchLater, {}, closed);
  ASSERT_THAT(closed.costs, SizeIs(1));
  EXPECT_EQ(closed.costs[0].cost.used.cpu_ns, 800U * kMillisecond);
  EXPECT_EQ(closed.residual.cpu_ns, 400U * kMillisecond);
}

TEST(TaskCosts, WhatAThreadCanHaveUsedInTheTaskIsTheTasks) {
  TaskCosts costs;
  costs.used(at(0), {});
  costs.task(0, 1, at(0.2), at(0.6));
  costs.used(at(1), {.cpu_ns = 400'000'000, .runnable_ns = 77, .blocked_ns = 1'000, .io_read_bytes = 4'096});
  TaskCosts::Closed closed;
  costs.close(kMuchLater, {}, closed);
  EXPECT_EQ(closed.costs.at(0).cost.used,
            (model::Usage{.cpu_ns = 400'000'000, .runnable_ns = 77, .blocked_ns = 400, .io_read_bytes = 4'096}))
      << "a thread that slept before and after";
  EXPECT_EQ(closed.residual, model::Usage{.blocked_ns = 600});
}

TEST(TaskCosts, WhatAThreadCannotHaveUsedInTheTaskIsNot) {
  TaskCosts costs;
  costs.used(at(0), {});
  costs.task(0, 1, at(0.2), at(0.6));
  costs.used(at(1), cpu_seconds(1));
  TaskCosts::Closed closed;
  costs.close(kMuchLater, {}, closed);
  EXPECT_EQ(closed.costs.at(0).cost.used.cpu_ns, 400U * kMillisecond) << "a thread that works all the time";
  EXPECT_EQ(closed.residual.cpu_ns, 600U * kMillisecond);
}

TEST(TaskCosts, ATaskOfManyThreadsGetsWhatTheyUse) {
  TaskCosts costs;
  costs.used(at(0), {});
  costs.task(0, 1, at(0), at(1));
  costs.used(at(1), cpu_seconds(4));
  TaskCosts::Closed closed;
  costs.close(kMuchLater, {}, closed);
  EXPECT_EQ(closed.costs.at(0).cost.used.cpu_ns, 4U * kSecond);
}

TEST(TaskCosts, TasksInFlightShareEquallyAndAreMarked) {
  TaskCosts costs;
  costs.used(at(0), {});
  for (uint32_t key = 0; key < 8; ++key) costs.task(key, 1, at(0), at(4));
  costs.used(at(4), {.cpu_ns = 8 * kSecond, .runnable_ns = 24 * kSecond, .io_written_bytes = 8'000});
  TaskCosts::Closed closed;
  costs.close(kMuchLater, {}, closed);
  ASSERT_THAT(closed.costs, SizeIs(8));
  for (const auto& [key, cost] : closed.costs) {
    EXPECT_EQ(cost.apportioned, 1U);
    EXPECT_EQ(cost.used.cpu_ns, 1U * kSecond);
    EXPECT_EQ(cost.used.runnable_ns, 3U * kSecond);
    EXPECT_EQ(cost.used.io_written_bytes, 1'000U);
  }
}

TEST(TaskCosts, ATaskWhoseCpuTimeIsKnownHasThatAndTheOthersShareTheRest) {
  TaskCosts costs;
  costs.used(at(0), {});
  costs.task(0, 1, at(0), at(4), 3 * kSecond);
  costs.task(1, 1, at(0), at(4));
  costs.task(2, 1, at(0), at(4));
  costs.used(at(4),
             {.cpu_ns = 5 * kSecond, .on_cpu_ns = 5 * kSecond, .blocked_ns = 6 * kSecond, .io_read_bytes = 5'000});
  TaskCosts::Closed closed;
  costs.close(kMuchLater, {}, closed);
  ASSERT_THAT(closed.costs, SizeIs(3));
  for (const auto& [key, cost] : closed.costs) {
    const uint64_t seconds = key == 0 ? 3 : 1;
    EXPECT_EQ(cost.used.cpu_ns, seconds * kSecond) << key;
    EXPECT_EQ(cost.used.on_cpu_ns, seconds * kSecond) << key;
    EXPECT_EQ(cost.used.io_read_bytes, seconds * 1'000) << key;
    EXPECT_EQ(cost.used.blocked_ns, 2 * kSecond) << key;
    EXPECT_EQ(cost.apportioned, key == 0 ? 0U : 1U);
  }
  EXPECT_EQ(closed.residual, model::Usage{});
}

TEST(TaskCosts, WhatATaskSaysItUsedIsNeverMoreThanItsContainerDid) {
  TaskCosts costs;
  costs.used(at(0), {});
  costs.task(0, 1, at(0), at(2), 2 * kSecond);
  costs.task(1, 1, at(0), at(2), 6 * kSecond);
  costs.used(at(2), cpu_seconds(4));
  TaskCosts::Closed closed;
  costs.close(kMuchLater, {}, closed);
  ASSERT_THAT(closed.costs, SizeIs(2));
  EXPECT_NEAR(static_cast<double>(closed.costs[0].cost.used.cpu_ns), 1e9, 2);
  EXPECT_NEAR(static_cast<double>(closed.costs[1].cost.used.cpu_ns), 3e9, 2);
}

TEST(TaskCosts, ATaskHasAllOfItsOwnCpuTimeThoughItWasUsedUnevenly) {
  TaskCosts costs;
  costs.used(at(0), {});
  costs.task(0, 1, at(0), at(4), 2 * kSecond);
  for (const double second : {1, 2, 3, 4}) costs.used(at(second), cpu_seconds(second <= 3 ? 0 : 3));
  TaskCosts::Closed closed;
  costs.close(kMuchLater, {}, closed);
  EXPECT_NEAR(static_cast<double>(closed.costs.at(0).cost.used.cpu_ns), 2e9, 2);
  EXPECT_NEAR(static_cast<double>(closed.residual.cpu_ns), 1e9, 2);
}

TEST(TaskCosts, WhatIsLeftByATaskWithItsOwnCpuTimeIsNobodys) {
  TaskCosts costs;
  costs.used(at(0), {});
  costs.task(0, 1, at(0), at(2), kSecond / 2);
  costs.used(at(2), cpu_seconds(2));
  TaskCosts::Closed closed;
  costs.close(kMuchLater, {}, closed);
  EXPECT_EQ(closed.costs.at(0).cost.used.cpu_ns, kSecond / 2);
  EXPECT_EQ(closed.residual.cpu_ns, 3 * kSecond / 2);
}

TEST(TaskCosts, TimesThatALogRoundsDoNotMakeTasksOverlap) {
  TaskCosts costs;
  costs.used(at(0), {});
  costs.task(0, 1, at(0), at(1.001));
  costs.task(0, 1, at(1), at(2));
  costs.used(at(2), cpu_seconds(2));
  TaskCosts::Closed closed;
  costs.close(kMuchLater, {}, closed);
  EXPECT_EQ(closed.costs.at(0).cost.apportioned, 0U);
}

TEST(TaskCosts, ATaskHeardOfLateStillGetsItsShare) {
  TaskCosts costs;
  TaskCosts::Closed closed;
  costs.used(at(0), {});
  for (int i = 1; i <= 30; ++i) {
    costs.used(at(i), cpu_seconds(i));
    costs.close(at(i), {}, closed);
  }
  EXPECT_EQ(closed.residual, model::Usage{}) << "given away before anybody could know whose it is";
  costs.task(0, 1, at(0), at(30));
  costs.close(kMuchLater, {}, closed);
  ASSERT_THAT(closed.costs, SizeIs(1));
  EXPECT_EQ(closed.costs[0].cost.used.cpu_ns, 30U * kSecond);
}

TEST(TaskCosts, AShortTaskMakesTheBooksCloseSoonerAndALongOneLater) {
  TaskCosts costs;
  TaskCosts::Closed closed;
  costs.used(at(0), {});
  costs.task(0, 1, at(0), at(0.1));
  for (int i = 1; i <= 10; ++i) costs.used(at(i), cpu_seconds(i));
  costs.close(at(10), {}, closed);
  EXPECT_EQ(closed.costs.at(0).cost.used.cpu_ns, 100U * kMillisecond);
  EXPECT_EQ(closed.residual.cpu_ns, 7'900U * kMillisecond) << "up to two seconds ago";
  costs.task(1, 1, at(8.5), at(12.5));
  for (int i = 11; i <= 20; ++i) costs.used(at(i), cpu_seconds(i));
  costs.close(at(15.9), {}, closed);
  EXPECT_THAT(closed.costs, SizeIs(1)) << "eight seconds behind from now on";
  costs.close(at(21), {}, closed);
  EXPECT_EQ(closed.costs.at(1).cost.used.cpu_ns, 4U * kSecond);
}

TEST(TaskCosts, ATaskInFlightHoldsTheBooksOpen) {
  TaskCosts costs;
  TaskCosts::Closed closed;
  costs.used(at(0), {});
  costs.task(0, 1, at(0), at(0.1));
  for (int i = 1; i <= 60; ++i) {
    costs.used(at(i), cpu_seconds(i));
    costs.close(at(i), at(5), closed);
  }
  EXPECT_EQ(closed.residual.cpu_ns, 4'900U * kMillisecond);
  costs.task(1, 1, at(5), at(60));
  costs.close(kMuchLater, {}, closed);
  EXPECT_EQ(closed.costs.at(1).cost.used.cpu_ns, 55U * kSecond);
}

TEST(TaskCosts, ATaskThatReachesBackTooFarHasNoCost) {
  TaskCosts costs;
  TaskCosts::Closed closed;
  costs.used(at(0), {});
  costs.task(0, 1, at(0), at(0.1));
  for (int i = 1; i <= 20; ++i) costs.used(at(i), cpu_seconds(i));
  costs.close(at(20), {}, closed);
  costs.task(1, 3, at(2), at(20));
  costs.finish(closed);
  EXPECT_THAT(closed.costs, SizeIs(1));
  EXPECT_EQ(costs.without_cost(), 3U);
  EXPECT_EQ(closed.residual.cpu_ns, 19'900U * kMillisecond);
}

TEST(TaskCosts, TasksFromBeforeTheFirstReadingHaveNoCost) {
  TaskCosts costs;
  costs.task(0, 1, at(-2), at(-1));
  costs.used(at(0), cpu_seconds(100));
  costs.task(0, 1, at(-1), at(0));
  costs.used(at(1), cpu_seconds(101));
  TaskCosts::Closed closed;
  costs.finish(closed);
  EXPECT_THAT(closed.costs, SizeIs(0));
  EXPECT_EQ(costs.without_cost(), 2U);
  EXPECT_EQ(closed.residual.cpu_ns, 1U * kSecond);
}

TEST(TaskCosts, ACounterThatFallsTakesNothingBack) {
  TaskCosts costs;
  costs.used(at(0), {});
  costs.used(at(1), cpu_seconds(1));
  costs.cpu_used(at(1.5), 900 * kMillisecond);  // read before, stamped after
  costs.used(at(2), cpu_seconds(2));
  TaskCosts::Closed closed;
  costs.task(0, 1, at(1), at(2));
  costs.finish(closed);
  EXPECT_EQ(closed.costs.at(0).cost.used.cpu_ns, 1U * kSecond);
  EXPECT_EQ(closed.residual.cpu_ns, 1U * kSecond);
}

TEST(TaskCosts, ReadingsAreThinnedNotForgotten) {
  TaskCosts costs;
  costs.used(at(0), {});
  constexpr uint64_t kReadings = 3 * TaskCosts::kMaxPoints;
  for (uint64_t i = 1; i <= kReadings; ++i)
    costs.used(kBegin + static_cast<int64_t>(i) * kMillisecond, {.cpu_ns = i * kMillisecond});
  costs.task(0, 1, at(1), at(2));
  TaskCosts::Closed closed;
  costs.finish(closed);
  EXPECT_EQ(closed.costs.at(0).cost.used.cpu_ns, 1U * kSecond);
  EXPECT_EQ(closed.residual.cpu_ns, (kReadings - 1'000) * kMillisecond);
}

/// Whatever happens in whatever order: tasks and residual together are what was used.
TEST(TaskCosts, NothingIsLostAndNothingGivenTwice) {
  for (uint32_t seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    const auto between = [&](double low, double high) { return std::uniform_real_distribution(low, high)(random); };
    TaskCosts costs;
    TaskCosts::Closed closed;
    uint64_t told = 0;
    double now = 0;
    model::Usage usage{.cpu_ns = 77 * kSecond, .blocked_ns = 5, .io_read_bytes = 9};
    const model::Usage first = usage;
    costs.used(at(now), usage);
    for (int i = 0; i < 300; ++i) {
      now += between(0, 0.5);
      usage.cpu_ns += static_cast<uint64_t>(between(0, 1e9));
      if (random() % 3 == 0) {
        costs.cpu_used(at(now), usage.cpu_ns);
      } else {
        usage.blocked_ns += static_cast<uint64_t>(between(0, 1e9));
        usage.io_read_bytes += random() % 5000;
        costs.used(at(now), usage);
      }
      for (unsigned tasks = random() % 4; tasks > 0; --tasks, ++told) {
        const double ended = now - between(-0.2, 1.5);
        std::optional<uint64_t> own;
        if (random() % 3 == 0) own = static_cast<uint64_t>(between(0, 2e9));
        costs.task(random() % 3, 1, at(ended - between(0, 3)), at(ended), own);
      }
      if (random() % 2 == 0) costs.close(at(now), {}, closed);
    }
    costs.used(at(now), usage);
    costs.finish(closed);
    model::Usage sum = closed.residual;
    uint64_t costed = 0;
    for (const auto& [key, cost] : closed.costs) {
      costed += cost.tasks;
      sum.cpu_ns += cost.used.cpu_ns;
      sum.blocked_ns += cost.used.blocked_ns;
      sum.io_read_bytes += cost.used.io_read_bytes;
    }
    ASSERT_EQ(costed + costs.without_cost(), told) << seed;
    ASSERT_NEAR(static_cast<double>(sum.cpu_ns), static_cast<double>(usage.cpu_ns - first.cpu_ns), 5) << seed;
    ASSERT_NEAR(static_cast<double>(sum.blocked_ns), static_cast<double>(usage.blocked_ns - first.blocked_ns), 5)
        << seed;
    ASSERT_NEAR(static_cast<double>(sum.io_read_bytes), static_cast<double>(usage.io_read_bytes - first.io_read_bytes),
                5)
        << seed;
  }
}

}  // namespace
}  // namespace benchd::analysis
