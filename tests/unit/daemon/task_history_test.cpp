#include "daemon/tasks/task_history.h"

#include <gmock/gmock.h>

namespace benchd::daemon {
namespace {

using base::kSecond;
using testing::HasSubstr;

/// A container that does a task of half a second each second, looked at once a second.
class TaskHistoryTest : public testing::Test {
 protected:
  void run(int64_t seconds) {
    for (int64_t i = 0; i < seconds; ++i) {
      now_ += kSecond;
      ++tasks_;
      note();
    }
  }
  void note() {
    auto tasks = std::make_shared<model::ContainerTasks>();
    tasks->tasks.push_back({.key = {.task = "render", .outcome = "ok"},
                            .totals = {.tasks = tasks_,
                                       .timed = tasks_,
                                       .duration_ns = tasks_ * kSecond / 2,
                                       .cost = {.tasks = tasks_, .used = {.cpu_ns = tasks_ * kSecond / 4}}}});
    model::Snapshot snapshot;
    snapshot.taken = now_;
    if (shown_) {
      auto container = std::make_shared<model::Container>();
      container->cgroup_id = 42;
      snapshot.containers.push_back({.container = container, .tasks = std::move(tasks)});
    }
    history_.note(snapshot);
  }
  model::TaskWindow window(int64_t seconds) {
    const auto windows = history_.windows(seconds * kSecond);
    EXPECT_TRUE(windows.ok());
    return windows.ok() && windows->size() == 1 ? windows->front() : model::TaskWindow{};
  }

  TaskHistory history_;
  base::Instant now_ = 1000 * kSecond;
  uint64_t tasks_ = 1'000'000;
  bool shown_ = true;
};

TEST_F(TaskHistoryTest, AWindowIsAsLongAsAskedToASixteenth) {
  run(900);
  for (const int64_t length : {10, 37, 60, 300, 600}) {
    const model::TaskWindow it = window(length);
    EXPECT_EQ(it.cgroup_id, 42);
    EXPECT_EQ(it.to, now_);
    EXPECT_NEAR(static_cast<double>(it.to - it.from), static_cast<double>(length * kSecond), length * kSecond / 16.0);
    ASSERT_EQ(it.tasks.size(), 1) << length;
    EXPECT_EQ(it.tasks[0].per_second, 1);
    EXPECT_EQ(it.tasks[0].mean_seconds, 0.5);
    EXPECT_EQ(it.tasks[0].cost->cpu_seconds, 0.25);
  }
}

TEST_F(TaskHistoryTest, WindowsOfLessThanTenReadingsAreRefused) {
  run(100);
  const auto refused = history_.windows(9 * kSecond);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message(), HasSubstr("found 9s, allowed is 10s"));
  EXPECT_FALSE(history_.windows(601 * kSecond).ok());
  history_.set_tick(5 * kSecond);
  EXPECT_FALSE(history_.windows(49 * kSecond).ok());
  EXPECT_TRUE(history_.windows(50 * kSecond).ok());
}

TEST_F(TaskHistoryTest, WhatHasNotBeenSeenForTenReadingsHasNoWindow) {
  run(10);
  EXPECT_TRUE(history_.windows(10 * kSecond)->empty());
  run(1);
  EXPECT_EQ(window(60).to - window(60).from, 10 * kSecond) << "as long as it has been seen";
}

TEST_F(TaskHistoryTest, ScrapesInBetweenDoNotCrowdItOut) {
  for (int i = 0; i < 60'000; ++i) {
    now_ += kSecond / 100;
    note();
  }
  EXPECT_EQ(window(600).tasks.at(0).tasks, 0);
  EXPECT_GT(window(600).to - window(600).from, 560 * kSecond);
}

TEST_F(TaskHistoryTest, WhatIsShownNoMoreHasNone) {
  run(100);
  shown_ = false;
  run(1);
  EXPECT_TRUE(history_.windows(60 * kSecond)->empty());
}

}  // namespace
}  // namespace benchd::daemon
