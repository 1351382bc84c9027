#include "daemon/campaign/measure/task_catcher.h"

#include <gtest/gtest.h>

#include "collectors/tasks/rules/rule_file.h"

namespace benchd::campaign {
namespace {

constexpr int64_t kNow = 1'700'000'000'000'000'000;
constexpr int64_t kMs = 1'000'000;

rules::RuleSet compiled(const std::string& yaml) {
  return *rules::RuleSet::compile(*rules::parse_rules(yaml, "test"));
}

TEST(TaskCatcher, CountsWhateverThePiecesInWhichOutputComes) {
  const std::string text = "start\ntask 1 done in 10 ms\r\nnoise\ntask 2 done in 30 ms\ntask 3 done in 20 ms";
  for (size_t size = 1; size <= text.size(); ++size) {
    rules::RuleSet rules = compiled("- {name: job, match: 'task {id} done in {duration:ms}'}");
    TaskCatcher catcher(rules);
    for (size_t at = 0; at < text.size(); at += size)
      catcher.feed(std::string_view(text).substr(at, size), kNow + static_cast<int64_t>(at) * kMs);
    model::RunRecord record;
    catcher.finish(record, kNow + 100 * kMs);
    ASSERT_EQ(record.tasks.size(), 1U) << size;
    EXPECT_EQ(record.tasks[0].key, (model::TaskKey{"job", "ok"}));
    EXPECT_EQ(record.tasks[0].tasks, 3U) << size;
    EXPECT_EQ(record.tasks[0].timed, 3U);
    EXPECT_EQ(record.tasks[0].duration_ns, 60U * kMs);
    uint64_t in_buckets = 0;
    for (const auto& [bucket, tasks] : record.tasks[0].durations) in_buckets += tasks;
    EXPECT_EQ(in_buckets, 3U);
    EXPECT_EQ(catcher.good_tasks(), 3U);
    EXPECT_GT(record.task_span_ns.value_or(0), 0);
  }
}

TEST(TaskCatcher, StartsAndEndsArePairedAndOutcomesKeptApart) {
  rules::RuleSet rules = compiled("- {name: job, start: {match: 'begin {id} at'}, end: {match: 'end {id} {outcome}'}}");
  TaskCatcher catcher(rules);
  catcher.feed("begin 1 at\n", kNow);
  catcher.feed("begin 2 at\n", kNow + 5 * kMs);
  catcher.feed("end 2 bad\n", kNow + 6 * kMs);
  catcher.feed("end 1 ok\n", kNow + 10 * kMs);
  model::RunRecord record;
  catcher.finish(record, kNow + 20 * kMs);
  ASSERT_EQ(record.tasks.size(), 2U);
  EXPECT_EQ(record.tasks[0].key.outcome, "bad");
  EXPECT_EQ(record.tasks[0].duration_ns, 1U * kMs);
  EXPECT_EQ(record.tasks[1].duration_ns, 10U * kMs);
  EXPECT_EQ(record.task_span_ns, 10 * kMs);
  EXPECT_EQ(catcher.good_tasks(), 1U);
}

TEST(TaskCatcher, ALineWithoutEndNeitherGrowsNorHidesTheNext) {
  rules::RuleSet rules = compiled("- {name: job, match: 'task {id} done in {duration:ms}'}");
  TaskCatcher catcher(rules);
  const std::string piece(100'000, 'x');
  for (int i = 0; i < 20; ++i) catcher.feed(piece, kNow);
  catcher.feed("\ntask 1 done in 10 ms\n", kNow);
  model::RunRecord record;
  catcher.finish(record, kNow);
  ASSERT_EQ(record.tasks.size(), 1U);
  EXPECT_EQ(record.tasks[0].tasks, 1U);
}

}  // namespace
}  // namespace benchd::campaign
