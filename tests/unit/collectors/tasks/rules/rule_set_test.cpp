#include "collectors/tasks/rules/rule_set.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/tasks/rules/rule_file.h"
#include "recorder.h"
#include "support/allocation_count.h"

namespace benchd::rules {
namespace {

using testing::ElementsAre;
using testing::Eq;
using testing::IsEmpty;
using testing::Optional;
using testing::SizeIs;

constexpr int64_t kS = 1'000'000'000;
constexpr int64_t kMs = 1'000'000;
constexpr int64_t kNewYear2025 = 1'735'689'600 * kS;

RuleSet rules(const std::string& yaml, const RuleSet::Defaults& defaults = {}) {
  const auto parsed = parse_rules(yaml, "rules.yml");
  EXPECT_TRUE(parsed.ok()) << (parsed.ok() ? "" : parsed.error().message());
  auto set = RuleSet::compile(*parsed, defaults);
  EXPECT_TRUE(set.ok()) << (set.ok() ? "" : set.error().message());
  return *std::move(set);
}

class Rules {
 public:
  explicit Rules(const std::string& yaml, const RuleSet::Defaults& defaults = {}) : set(rules(yaml, defaults)) {}
  LineResult line(std::string_view text, std::optional<int64_t> stamp = std::nullopt) {
    found = std::make_unique<Recorder>();
    return set.match({.text = text, .stamp = stamp}, *found);
  }
  const KeptTask& task() const { return found->tasks.at(0); }

  RuleSet set;
  std::unique_ptr<Recorder> found;
};

TEST(RuleSetTest, ATaskWithItsDurationAndTime) {
  Rules it("- {name: a, match: 'task {id} done in {duration:ms}'}");
  EXPECT_EQ(it.line("2025-01-01 00:00:10 INFO task 4711 done in 123.4 ms"), LineResult::Matched);
  EXPECT_EQ(it.task().report.count, 1U);
  EXPECT_THAT(it.task().report.duration, Optional(123'400'000));
  EXPECT_THAT(it.task().report.ended, Optional(kNewYear2025 + 10 * kS));
  EXPECT_THAT(it.task().report.started, Optional(kNewYear2025 + 10 * kS - 123'400'000));
  EXPECT_EQ(it.task().kind, "");
  EXPECT_EQ(it.task().outcome, "");
  EXPECT_EQ(it.line("another line"), LineResult::Unmatched);
  EXPECT_THAT(it.found->tasks, IsEmpty());
}

TEST(RuleSetTest, CountMeanAndSumMakeManyTasks) {
  Rules it(R"yaml(
- {name: a, match: "processed {count} tasks, mean {mean:ms}"}
- {name: b, match: "wrote {count} rows in {sum:s} s altogether"}
- {name: c, match: "read {count} rows in {duration:s} s"}
)yaml");
  it.line("processed 500 tasks, mean 12 ms");
  EXPECT_EQ(it.task().report.count, 500U);
  EXPECT_THAT(it.task().report.duration, Optional(6 * kS));
  EXPECT_THAT(it.task().report.started, Eq(std::nullopt));
  it.line("wrote 1,000 rows in 2.5 s altogether");
  EXPECT_EQ(it.task().report.rule, 1U);
  EXPECT_EQ(it.task().report.count, 1'000U);
  EXPECT_THAT(it.task().report.duration, Optional(2'500 * kMs));
  it.line("read 3 rows in 2.5 s");
  EXPECT_THAT(it.task().report.duration, Optional(2'500 * kMs));
  EXPECT_EQ(it.line("processed 0 tasks, mean 0 ms"), LineResult::Matched);
  EXPECT_THAT(it.found->tasks, IsEmpty());
}

TEST(RuleSetTest, WhatMakesNoSenseIsMalformed) {
  Rules it("- {name: a, match: 'processed {count} tasks, mean {mean:ms}'}");
  EXPECT_EQ(it.line("processed 1.5 tasks, mean 12 ms"), LineResult::Malformed);
  EXPECT_EQ(it.set.problem(), "count \"1.5\"");
  EXPECT_EQ(it.line("processed 9,000,000,000,000 tasks, mean 12000000 ms"), LineResult::Malformed);
  EXPECT_THAT(it.found->tasks, IsEmpty());
}

TEST(RuleSetTest, AllRulesThatMatchCountAndOfAlternativesTheFirst) {
  Rules it(R"yaml(
- {name: a, match: "task {id} done"}
- {name: b, match: ["done in {duration:ms}", "done"]}
- {name: c, match: "x {count} done"}
)yaml");
  EXPECT_EQ(it.line("x 1.5 task 7 done in 3"), LineResult::Matched);
  ASSERT_THAT(it.found->tasks, SizeIs(2));
  EXPECT_EQ(it.found->tasks[0].report.rule, 0U);
  EXPECT_EQ(it.found->tasks[1].report.rule, 1U);
  EXPECT_THAT(it.found->tasks[1].report.duration, Optional(3 * kMs));
}

TEST(RuleSetTest, ManyRulesFindWhatEachFindsAlone) {
  std::string yaml;
  for (int i = 0; i < 100; ++i) {
    yaml += "- {name: r" + std::to_string(i) + ", match: ['kind" + std::to_string(i) + " {id}', 'or {id} x']}\n";
  }
  Rules it(yaml);
  EXPECT_EQ(it.line("a kind42 of 7"), LineResult::Matched);
  ASSERT_THAT(it.found->tasks, SizeIs(1));
  EXPECT_EQ(it.task().report.rule, 42U);
  EXPECT_EQ(it.line("or 7 x"), LineResult::Matched);
  EXPECT_THAT(it.found->tasks, SizeIs(100));
  EXPECT_EQ(it.line("kindness"), LineResult::Unmatched);
}

TEST(RuleSetTest, RegexesThatBeginAlikeFindWhatEachFindsAlone) {
  std::vector<std::string> each;
  for (int i = 0; i < 30; ++i) {
    const std::string n = std::to_string(i);
    // Bytes and characters are two groups; the empty alternative of every tenth matches where others do.
    const std::string end = i % 10 == 0  ? "(?:done|)"
                            : i % 3 == 0 ? "(?:dóne|r" + n + ")"
                                         : "(?:kind" + n + "|k" + n + "$)";
    each.push_back("- {name: r" + n + ", regex: 'app: task (?P<id>\\d+) " + end + "'}\n");
  }
  std::string yaml;
  for (const std::string& one : each) yaml += one;
  Rules all(yaml);
  for (const char* line :
       {"app: task 1 kind7 in", "app: task 2 done", "app: task 3 dóne", "app: task 4 k8", "app: task 5 k8 ",
        "app: task x kind7", "app: task 6 r9 kind11", "task 7 kind7", "app: task 8 \xff", ""}) {
    all.line(line);
    std::vector<uint32_t> together;
    for (const auto& task : all.found->tasks) together.push_back(task.report.rule);
    std::vector<uint32_t> alone;
    for (uint32_t i = 0; i < each.size(); ++i) {
      Rules one(each[i]);
      if (one.line(line) == LineResult::Matched) alone.push_back(i);
    }
    EXPECT_EQ(together, alone) << line;
  }
}

TEST(RuleSetTest, OutcomesAreMapped) {
  Rules it("- {name: a, match: 'status={outcome} kind={kind} ', outcome: {'2[0-9][0-9]': ok, '5*': error}}");
  it.line("status=200 kind=get x");
  EXPECT_EQ(it.task().outcome, "ok");
  EXPECT_EQ(it.task().kind, "get");
  it.line("status=503 kind=get x");
  EXPECT_EQ(it.task().outcome, "error");
  it.line("status=404 kind=get x");
  EXPECT_EQ(it.task().outcome, "404");
}

TEST(RuleSetTest, ProcessAndThread) {
  Rules it("- {name: a, match: '[{pid}:{thread}] done'}");
  it.line("[17:42] done");
  EXPECT_THAT(it.task().report.process, Optional(17));
  EXPECT_THAT(it.task().report.thread, Optional(42));
  it.line("[17:MainThread] done");
  EXPECT_THAT(it.task().report.thread, Eq(std::nullopt));
}

TEST(RuleSetTest, WithoutATimeInTheLineItIsTheEnginesStamp) {
  Rules it("- {name: a, match: 'done in {duration:s}'}\n- {name: b, match: 'over', time: none}");
  it.line("done in 2", 100 * kS);
  EXPECT_THAT(it.task().report.ended, Optional(100 * kS));
  EXPECT_THAT(it.task().report.started, Optional(98 * kS));
  it.line("done in 2");
  EXPECT_THAT(it.task().report.ended, Eq(std::nullopt));
  it.line("2025-01-01 00:00:00 over", 100 * kS);
  EXPECT_THAT(it.task().report.ended, Optional(100 * kS));
}

TEST(RuleSetTest, TheLinesTimeMayTellWhenTheTaskBegan) {
  Rules it("- {name: a, regex: '\\[(?P<time>.*?)\\] (?P<us>\\d+)', time-of: start}");
  it.line("[01/Jan/2025:00:00:00 +0000] 1500000");
  EXPECT_THAT(it.task().report.started, Optional(kNewYear2025));
  EXPECT_THAT(it.task().report.ended, Optional(kNewYear2025 + 3 * kS / 2));
}

TEST(RuleSetTest, ZonesAreTheRulesElseTheDefault) {
  const std::string line = "2025-01-01 01:00:00 over";
  Rules rule("- {name: a, match: over, timezone: Europe/Paris}");
  rule.line(line);
  EXPECT_THAT(rule.task().report.ended, Optional(kNewYear2025));
  Rules by_default("- {name: a, match: over}", {.timezone = "Europe/Paris"});
  by_default.line(line);
  EXPECT_THAT(by_default.task().report.ended, Optional(kNewYear2025));
}

TEST(RuleSetTest, ThePresentTellsTheYear) {
  Rules it("- {name: a, match: over}");
  it.set.set_now(kNewYear2025 + kS);
  it.line("Jan  1 00:00:00 host app: over");
  EXPECT_THAT(it.task().report.ended, Optional(kNewYear2025));
}

TEST(RuleSetTest, StartsAndEndsGoToThePairs) {
  Rules it("- {name: a, start: {match: 'begin {id}'}, end: {regex: 'end (?P<id>\\w+)'}}");
  EXPECT_EQ(it.line("begin 7"), LineResult::Matched);
  EXPECT_THAT(it.found->pairs, ElementsAre("start 7"));
  EXPECT_EQ(it.line("end 7"), LineResult::Matched);
  EXPECT_THAT(it.found->pairs, ElementsAre("end 7"));
  EXPECT_THAT(it.found->tasks, IsEmpty());
}

class Nothing : public Sink {
 public:
  void task(const model::TaskReport& /*report*/) override {}
  void pair(const PairEvent& /*event*/) override {}
};

TEST(RuleSetTest, ALineAllocatesNothing) {
  RuleSet it = rules(R"yaml(
- {name: a, match: "task {id} {outcome} in {duration:auto}", outcome: {"o?": ok}, timezone: Europe/Paris}
- {name: b, regex: 'task (?P<id>\d+) (?P<outcome>\w+)'}
- {name: c, json: {id: "task.id", duration: ms:ms, where: {event: done}}}
- {name: d, logfmt: {id: id, duration: took, where: {msg: "task done"}}}
)yaml");
  Nothing nothing;
  const auto all = [&] {
    it.match({.text = "2025-01-01 12:00:00,123 task 4711-and-a-rather-long-identifier ok in 1.5 ms"}, nothing);
    it.match({.text = "2025-01-01 12:00:00,123 task 4711 ok in 1.5 ms"}, nothing);
    it.match({.text = R"({"event":"done","task":{"id":"a\tb"},"ms":1.5,"text":"long enough to be on the heap"})"},
             nothing);
    it.match({.text = R"(time=2025-01-01T00:00:00Z msg="task done" id="a\"b" took=1.5s)"}, nothing);
    it.match({.text = "nothing of the kind"}, nothing);
  };
  for (int i = 0; i < 3; ++i) all();
  const uint64_t before = test::allocation_count();
  for (int i = 0; i < 100; ++i) all();
  EXPECT_EQ(test::allocation_count(), before);
}

}  // namespace
}  // namespace benchd::rules
