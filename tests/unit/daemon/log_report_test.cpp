#include "daemon/tasks/log_report.h"

#include <cerrno>

#include <gmock/gmock.h>

namespace benchd::daemon {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::SizeIs;

rules::Rule rule(std::string name, std::string match, std::string origin) {
  rules::Rule made;
  made.name = std::move(name);
  made.origin = std::move(origin);
  made.patterns = {{.text = std::move(match)}};
  return made;
}

class LogReportTest : public testing::Test {
 protected:
  LogTasks log(const std::vector<rules::Rule>& rules, const std::string& name = "docker:abc") {
    auto compiled = rules::RuleSet::compile(rules);
    EXPECT_TRUE(compiled.ok());
    return {
        {.log = name, .rules = *std::move(compiled), .bounds = {}, .open_pairs = {}, .keys = {}}, present_, nullptr};
  }
  void look(LogReport& report, LogTasks& tasks, const logs::LogStatus& status = {.present = true}) {
    now_ += base::kSecond;
    report.begin(now_);
    report.look(tasks, "web", status);
    report.publish(std::nullopt);
  }
  static void write(LogTasks& tasks, const std::string& text, int count) {
    for (int i = 0; i < count; ++i) tasks.line({.text = text});
  }

  Present present_;
  base::Instant now_ = 0;
};

TEST_F(LogReportTest, SaysWhichRulesAreForNothingOrTakeNothing) {
  const std::vector<rules::Rule> all = {rule("used", "done {id}", "benchd.yml:2"),
                                        rule("idle", "failed {id}", "benchd.yml:4"),
                                        rule("nowhere", "lost {id}", "benchd.yml:6")};
  LogReport report(all);
  LogTasks tasks = log({all[0], all[1], rule("own", "done {id}", "label benchd.task.match")});
  report.began(tasks);
  write(tasks, "done 1", 3);
  look(report, tasks);
  const auto uses = report.rule_uses();
  ASSERT_THAT(uses, SizeIs(3)) << "a label's rule is its container's affair";
  EXPECT_EQ(uses[0].lines, 3U);
  EXPECT_EQ(uses[1].logs_ever, 1U);
  EXPECT_EQ(uses[1].lines, 0U);
  EXPECT_EQ(uses[2].logs_ever, 0U);
  write(tasks, "done 2", 2);
  report.ended(tasks);
  report.publish(std::nullopt);
  EXPECT_EQ(report.rule_uses()[0].lines, 5U);
  EXPECT_EQ(report.rule_uses()[0].logs, 0U);
  EXPECT_EQ(report.rule_uses()[0].logs_ever, 1U);
}

TEST_F(LogReportTest, ALineThatEndsAPairIsOne) {
  rules::Rule pair;
  pair.name = "job";
  pair.origin = "benchd.yml:2";
  pair.patterns = {{.role = rules::Pattern::Role::Start, .text = "begin {id}"},
                   {.role = rules::Pattern::Role::End, .text = "end {id}"}};
  LogReport report(std::vector{pair});
  LogTasks tasks = log({pair});
  write(tasks, "begin 1", 1);
  write(tasks, "end 1", 1);
  look(report, tasks);
  EXPECT_EQ(report.rule_uses()[0].lines, 2U);
}

TEST_F(LogReportTest, SaysWhenNoLineOfALogMatches) {
  LogReport report({});
  LogTasks tasks = log({rule("a", "done {id}", "benchd.yml:2")});
  write(tasks, "something else", 999);
  look(report, tasks);
  EXPECT_THAT(report.status().states, SizeIs(0));
  write(tasks, "something else", 1);
  look(report, tasks);
  EXPECT_THAT(report.status().states,
              ElementsAre(Field(&model::State::subject, "rules for the log of container web (docker:abc)")));
  EXPECT_TRUE(report.status().collector.success) << "it is read as it should be";
}

TEST_F(LogReportTest, KeepsARemarkLongEnoughToBeReadThoughTheLogIsGone) {
  LogReport report({});
  LogTasks tasks = log({rule("a", "done {id}", "benchd.yml:2")});
  write(tasks, "something else", 1000);
  look(report, tasks);
  report.begin(now_ + 59 * base::kSecond);
  report.publish(std::nullopt);
  EXPECT_THAT(report.status().states, SizeIs(1));
  report.begin(now_ + 61 * base::kSecond);
  report.publish(std::nullopt);
  EXPECT_THAT(report.status().states, SizeIs(0));
}

TEST_F(LogReportTest, ALogThatCannotBeReadIsNoSuccessUntilItCan) {
  LogReport report({});
  LogTasks tasks = log({rule("a", "done {id}", "benchd.yml:2")});
  look(report, tasks, {.trouble = base::Error{.code = EACCES, .attempt = "open it"}});
  EXPECT_FALSE(report.status().collector.success);
  EXPECT_THAT(report.status().states, ElementsAre(Field(&model::State::found, HasSubstr("open it"))));
  look(report, tasks);
  EXPECT_TRUE(report.status().collector.success);
  EXPECT_THAT(report.status().states, SizeIs(0));
}

TEST_F(LogReportTest, SaysWhenALogIsNotThereForLong) {
  LogReport report({});
  LogTasks tasks = log({rule("a", "done {id}", "benchd.yml:2")});
  const auto wait = [&](int seconds) {
    for (int i = 0; i < seconds; ++i) look(report, tasks, {.present = false});
  };
  wait(10);
  look(report, tasks);
  wait(10);
  EXPECT_THAT(report.status().states, SizeIs(0)) << "it was there in between";
  wait(1);
  EXPECT_THAT(report.status().states, ElementsAre(Field(&model::State::found, HasSubstr("no such log"))));
  EXPECT_TRUE(report.status().collector.success) << "it may well come";
}

TEST_F(LogReportTest, SaysOnceThatEnginesHandOutWhatLiesInFiles) {
  LogReport report({});
  LogTasks one = log({rule("r", "done {id}", "label")}, "docker:one");
  LogTasks two = log({rule("r", "done {id}", "label")}, "docker:two");
  const logs::LogStatus status{.present = true, .why_no_file = "open /var/lib/docker: Permission denied"};
  report.begin(base::kSecond);
  report.look(one, "one", status);
  report.look(two, "two", status);
  report.publish(std::nullopt);
  EXPECT_TRUE(report.status().collector.success) << "they are read";
  EXPECT_THAT(report.status().states, ElementsAre(Field(&model::State::found, HasSubstr("Permission denied"))));
}

TEST_F(LogReportTest, WhatIsNotedOfARuleStaysAndIsBounded) {
  LogReport report({});
  for (int i = 0; i < 1000; ++i) report.note({.subject = "rules of container " + std::to_string(i), .found = "a"});
  report.note({.subject = "rules of container 7", .found = "b"});
  report.publish(std::nullopt);
  EXPECT_THAT(report.status().states, SizeIs(100));
  EXPECT_EQ(report.status().states[7].found, "b");
  EXPECT_FALSE(report.status().collector.success);
}

}  // namespace
}  // namespace benchd::daemon
