#include "daemon/tasks/log_tasks.h"

#include <gmock/gmock.h>

#include "collectors/tasks/rules/rule_file.h"

namespace benchd::daemon {
namespace {

using base::kMillisecond;
using base::kSecond;
using testing::ElementsAre;
using testing::SizeIs;

constexpr int64_t kBegin = 1'735'689'600 * kSecond;  // 2025-01-01T00:00:00Z

class LogTasksTest : public testing::Test {
 protected:
  LogTasks& with(const std::string& pattern) {
    const std::vector<rules::Rule> rules = {rules::rule_of_pattern(rules::Pattern::Form::Template, pattern, "--rule")};
    tasks_.emplace(LogTasks::Setup{.log = "docker:abc",
                                   .cgroup_id = 42,
                                   .rules = *rules::RuleSet::compile(rules),
                                   .bounds = {kMillisecond},
                                   .open_pairs = {},
                                   .keys = {}},
                   present_, nullptr);
    return *tasks_;
  }
  TaskBatch reached() { return tasks_->reached({.position = {.log = "docker:abc", .place = "1"}, .counts = {}}); }

  Present present_{.now = kSecond, .wall_offset = kBegin};
  std::optional<LogTasks> tasks_;
};

TEST_F(LogTasksTest, AClockThatSteppedBackMakesLinesLateAndLosesNone) {
  LogTasks& tasks = with("task {id} done");
  for (const int64_t second : {10, 11, 5, 6, 12})
    tasks.line({.text = "task 1 done", .stamp = kBegin + second * kSecond});
  const TaskBatch batch = reached();
  EXPECT_EQ(batch.counts.late, 2);
  EXPECT_EQ(batch.counts.matched, 5);
  ASSERT_THAT(batch.tasks, SizeIs(1));
  EXPECT_EQ(batch.tasks[0].totals.tasks, 5);
}

TEST_F(LogTasksTest, LinesOfAFlushAreCoarseWhereTheyHaveNoOtherTime) {
  LogTasks& tasks = with("task {id} done {}");
  const std::string text = "task 1 done " + std::string(51, 'x');
  for (int block = 0; block < 10; ++block)
    for (int line = 0; line < 64; ++line) tasks.line({.text = text, .stamp = kBegin + block * kSecond});
  EXPECT_TRUE(tasks.coarse());
  EXPECT_GT(reached().counts.coarse, 300);
}

TEST_F(LogTasksTest, LinesWithATimeOfTheirOwnAreNotCoarse) {
  LogTasks& tasks = with("task {id} done {}");
  const std::string text = "2025-01-01 00:00:00.5 task 1 done " + std::string(29, 'x');
  for (int block = 0; block < 10; ++block)
    for (int line = 0; line < 64; ++line) tasks.line({.text = text, .stamp = kBegin + block * kSecond});
  EXPECT_FALSE(tasks.coarse());
  EXPECT_EQ(reached().counts.coarse, 0);
}

TEST_F(LogTasksTest, KeepsTheHeadsOfTheLastLinesThatNoRuleTook) {
  LogTasks& tasks = with("task {id} done");
  EXPECT_FALSE(tasks.take_unmatched());
  tasks.line({.text = "one"});
  tasks.line({.text = "task 1 done"});
  tasks.line({.text = std::string(100'000, 'x')});
  const auto few = tasks.take_unmatched();
  ASSERT_TRUE(few);
  EXPECT_EQ(few->cgroup_id, 42);
  EXPECT_THAT(few->lines, ElementsAre("one", std::string(500, 'x')));
  EXPECT_FALSE(tasks.take_unmatched()) << "nothing new";
  for (int i = 0; i < 1000; ++i) tasks.line({.text = std::to_string(i)});
  const auto many = tasks.take_unmatched();
  ASSERT_TRUE(many);
  ASSERT_THAT(many->lines, SizeIs(20));
  EXPECT_EQ(many->lines.front(), "980");
  EXPECT_EQ(many->lines.back(), "999");
  EXPECT_EQ(tasks.seen().lines, 1003);
  EXPECT_EQ(tasks.seen().matched, 1);
}

}  // namespace
}  // namespace benchd::daemon
