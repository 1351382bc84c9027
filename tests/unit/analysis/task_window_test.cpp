#include "analysis/task_window.h"

#include <gtest/gtest.h>

namespace benchd::analysis {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;
const std::vector<model::TaskKey> kKeys = {{.task = "render", .outcome = "ok"},
                                           {.task = "render", .outcome = "failed"}};

TaskMark at(int64_t second) {
  return {.at = second * base::kSecond, .sums = {}, .residual = {}};
}

TEST(TaskWindow, DividesWhatGrewByTheWindowAndByItsTasks) {
  TaskMark from = at(100);
  from.sums = {{.tasks = 10, .timed = 10, .duration_ns = 5 * kSecond, .cost = {.tasks = 8, .used = {.cpu_ns = 7}}}};
  from.residual.cpu_ns = 1 * kSecond;
  TaskMark to = at(120);
  to.sums = {{.tasks = 50,
              .timed = 30,
              .duration_ns = 45 * kSecond,
              .cost = {.tasks = 18,
                       .apportioned = 3,
                       .task_ns = 20 * kSecond,
                       .used = {.cpu_ns = 7 + 5 * kSecond,
                                .on_cpu_ns = 6 * kSecond,
                                .runnable_ns = 2 * kSecond,
                                .blocked_ns = 1 * kSecond,
                                .io_read_bytes = 4096,
                                .io_written_bytes = 100}}}};
  to.residual.cpu_ns = 4 * kSecond;
  to.coarse = 5;
  const model::TaskWindow window = window_between(from, to, kKeys);
  ASSERT_EQ(window.tasks.size(), 1);
  const model::TaskRates& rates = window.tasks[0];
  EXPECT_EQ(rates.key, kKeys[0]);
  EXPECT_EQ(rates.tasks, 40);
  EXPECT_EQ(rates.per_second, 2);
  EXPECT_EQ(rates.mean_seconds, 2);
  EXPECT_EQ(rates.in_flight, 2);
  EXPECT_EQ(rates.costed, 10);
  EXPECT_EQ(rates.apportioned, 3);
  ASSERT_TRUE(rates.cost);
  EXPECT_EQ(rates.cost->cpu_seconds, 0.5);
  EXPECT_EQ(rates.cost->on_cpu_seconds, 0.6);
  EXPECT_EQ(rates.cost->runnable_seconds, 0.2);
  EXPECT_EQ(rates.cost->blocked_seconds, 0.1);
  EXPECT_EQ(rates.cost->io_read_bytes, 409.6);
  EXPECT_EQ(rates.cost->io_written_bytes, 10);
  EXPECT_EQ(window.residual.cpu_ns, 3 * kSecond);
  EXPECT_EQ(window.coarse, 5);
}

TEST(TaskWindow, AMeanOfNothingIsNone) {
  TaskMark from = at(0);
  from.sums = {{.tasks = 1, .timed = 1, .duration_ns = 1, .cost = {.tasks = 1, .used = {}}}};
  TaskMark to = from;
  to.at = 10 * base::kSecond;
  const model::TaskWindow window = window_between(from, to, kKeys);
  EXPECT_EQ(window.tasks.at(0).per_second, 0);
  EXPECT_FALSE(window.tasks.at(0).mean_seconds);
  EXPECT_FALSE(window.tasks.at(0).cost);
}

TEST(TaskWindow, AKeyThatCameWithinItWasAtNothing) {
  TaskMark from = at(0);
  from.sums.resize(1);
  TaskMark to = at(10);
  to.sums.resize(2);
  to.sums[1].tasks = 5;
  const model::TaskWindow window = window_between(from, to, kKeys);
  ASSERT_EQ(window.tasks.size(), 2);
  EXPECT_EQ(window.tasks[1].key.outcome, "failed");
  EXPECT_EQ(window.tasks[1].per_second, 0.5);
}

TEST(TaskWindow, OfNoLengthHasNoRates) {
  EXPECT_TRUE(window_between(at(5), at(5), kKeys).tasks.empty());
}

}  // namespace
}  // namespace benchd::analysis
