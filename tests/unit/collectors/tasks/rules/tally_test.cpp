#include "collectors/tasks/rules/tally.h"

#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/allocation_count.h"

namespace benchd::rules {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr int64_t kMs = 1'000'000;

class TallyTest : public testing::Test {
 protected:
  std::map<std::string, model::TaskTotals> take(Tally& tally) {
    std::map<std::string, model::TaskTotals> result;
    tally.take([&](const model::TaskKey& key, const model::TaskTotals& totals) {
      result[key.task + "/" + key.outcome] = totals;
    });
    return result;
  }

  std::vector<Rule> rules = {{.name = "a", .max_labels = 3}, {.name = "b", .outcome = "fine", .max_labels = 3}};
  std::vector<int64_t> bounds = {1 * kMs, 10 * kMs, 100 * kMs};
  Tally tally{rules, bounds};
};

TEST_F(TallyTest, AddsUpUntilItIsTaken) {
  tally.add({.rule = 0, .duration = 10 * kMs});
  tally.add({.rule = 0, .duration = 11 * kMs});
  tally.add({.rule = 0});
  tally.add({.rule = 1, .count = 500, .duration = 500 * 12 * kMs});
  auto totals = take(tally);
  ASSERT_THAT(totals, SizeIs(2));
  EXPECT_EQ(totals["a/ok"].tasks, 3U);
  EXPECT_EQ(totals["a/ok"].timed, 2U);
  EXPECT_EQ(totals["a/ok"].duration_ns, 21U * kMs);
  EXPECT_THAT(totals["a/ok"].buckets, ElementsAre(0, 1, 1, 0));
  EXPECT_EQ(totals["b/fine"].tasks, 500U);
  EXPECT_EQ(totals["b/fine"].duration_ns, 6'000U * kMs);
  EXPECT_THAT(totals["b/fine"].buckets, ElementsAre(0, 0, 500, 0));
  EXPECT_THAT(take(tally), IsEmpty());
  tally.add({.rule = 0, .duration = 1'000 * kMs});
  totals = take(tally);
  EXPECT_THAT(totals["a/ok"].buckets, ElementsAre(0, 0, 0, 1));
}

TEST_F(TallyTest, AMillionKindsBecomeOther) {
  for (int i = 0; i < 1'000'000; ++i) {
    const std::string kind = "task-" + std::to_string(i);
    tally.add({.rule = 0, .kind = kind, .outcome = i % 2 == 0 ? "good" : "bad"});
  }
  auto totals = take(tally);
  EXPECT_THAT(totals, SizeIs(5));  // three of its own, and two outcomes of other
  EXPECT_EQ(totals["other/good"].tasks + totals["other/bad"].tasks, 1'000'000U - 3);
  EXPECT_EQ(tally.take_overflowed(), 1'000'000U - 3);
  EXPECT_EQ(tally.take_overflowed(), 0U);
}

TEST_F(TallyTest, AMillionKindsAndOutcomesBecomeOtherOfOther) {
  for (int i = 0; i < 100'000; ++i) {
    const std::string text = std::to_string(i);
    tally.add({.rule = 0, .kind = text, .outcome = text});
  }
  auto totals = take(tally);
  EXPECT_LE(totals.size(), 3U + 10U + 1U);
  EXPECT_GT(totals["other/other"].tasks, 90'000U);
}

TEST_F(TallyTest, ALabelIsFitToBeShown) {
  EXPECT_EQ(label_text("  plain \n"), "plain");
  EXPECT_EQ(label_text("\x1B[31mred\x1B[0m"), "[31mred[0m");
  EXPECT_EQ(label_text("a\xC2\x9B"
                       "31mb\x7F"
                       "c"),
            "a31mbc");
  EXPECT_EQ(label_text("a\xFF"
                       "b"),
            "a\uFFFDb");
  EXPECT_EQ(label_text("caf\u00E9"), "caf\u00E9");
  EXPECT_EQ(label_text(std::string_view("a\0b", 3)), "ab");
  EXPECT_EQ(label_text(std::string(1'000, 'x')).size(), 128U);
  EXPECT_EQ(label_text(std::string(127, 'x') + "\u00E9").size(), 127U);
}

TEST_F(TallyTest, KeysOfBeforeTheRestartKeepTheirPlace) {
  tally.restore(std::vector<model::TaskKey>{{"x", "ok"}, {"y", "ok"}, {"z", "ok"}, {"a", "ok"}});
  for (const char* kind : {"x", "y", "z", "new", ""}) tally.add({.rule = 0, .kind = kind});
  const auto totals = take(tally);
  EXPECT_EQ(totals.count("x/ok"), 1U);
  EXPECT_EQ(totals.count("z/ok"), 1U);
  EXPECT_EQ(totals.count("a/ok"), 1U);
  EXPECT_EQ(totals.count("new/ok"), 0U);
  EXPECT_EQ(totals.count("other/ok"), 1U);
}

TEST_F(TallyTest, DurationsAreCountedFinelyTooAndTheSpanOfTimesIsKept) {
  tally.add({.rule = 0, .count = 3, .duration = 150, .ended = 1'000, .started = 400});
  tally.add({.rule = 0, .duration = 50, .ended = 900});
  tally.add({.rule = 0, .duration = 10, .ended = 950, .started = 940});
  const model::TaskTotals totals = take(tally)["a/ok"];
  EXPECT_THAT(totals.durations, ElementsAre(testing::Pair(10, 1), testing::Pair(50, 4)));
  EXPECT_EQ(totals.first_start, 400);
  EXPECT_EQ(totals.last_end, 1'000);
  tally.add({.rule = 0});
  const model::TaskTotals next = take(tally)["a/ok"];
  EXPECT_THAT(next.durations, testing::IsEmpty());
  EXPECT_FALSE(next.first_start.has_value());
}

TEST_F(TallyTest, SumsDoNotWrap) {
  for (int i = 0; i < 4; ++i) tally.add({.rule = 0, .duration = INT64_MAX});
  EXPECT_EQ(take(tally)["a/ok"].duration_ns, UINT64_MAX);
}

TEST_F(TallyTest, AllocatesNothingOnceItKnowsTheKeys) {
  const auto round = [&] {
    for (const char* kind : {"x", "y"}) tally.add({.rule = 0, .kind = kind, .duration = kMs});
    uint64_t tasks = 0;
    tally.take([&](const model::TaskKey&, const model::TaskTotals& totals) { tasks += totals.tasks; });
    EXPECT_EQ(tasks, 2U);
  };
  round();
  const uint64_t before = test::allocation_count();
  for (int i = 0; i < 100; ++i) round();
  EXPECT_EQ(test::allocation_count(), before);
}

}  // namespace
}  // namespace benchd::rules
