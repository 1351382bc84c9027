#include "collectors/tasks/rules/rule_file.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/tasks/rules/rule_set.h"

namespace benchd::rules {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

/// interfaces.md's example, all of it.
constexpr const char* kExample = R"yaml(
log: {level: info}
tasks:
  - name: local-pro
    containers: "local-pro*"
    match: "task {id} done in {duration:ms}"
    example: "2025-01-01 12:00:00 INFO task 4711 done in 123.4 ms"
    outcome: ok
    time: "%Y-%m-%d %H:%M:%S"
    timezone: Europe/Paris
  - name: batch
    match: "processed {count} tasks, mean {mean:ms}"
  - name: request
    start: {match: "begin {id}"}
    end: {match: "end {id}"}
    expire: 10m
  - use: nginx
  - name: inner
    containers: "app*"
    path: /var/log/app.log
    match: "job {id} {outcome} after {duration:auto}"
  - name: nightly
    files: ["/srv/app/log/*.log"]
    container: app
    match: "row {count} in {duration:s}"
)yaml";

std::vector<Rule> parsed(const std::string& text) {
  auto rules = parse_rules(text, "benchd.yml");
  EXPECT_TRUE(rules.ok()) << (rules.ok() ? "" : rules.error().message());
  return rules.ok() ? *std::move(rules) : std::vector<Rule>();
}

std::string refused(const std::string& text) {
  const auto rules = parse_rules(text, "benchd.yml");
  if (!rules.ok()) return rules.error().message();
  const auto set = RuleSet::compile(*rules);
  EXPECT_FALSE(set.ok()) << text;
  return set.ok() ? "" : set.error().message();
}

TEST(RuleFile, ReadsWhatTheInterfaceShows) {
  const std::vector<Rule> rules = parsed(kExample);
  ASSERT_THAT(rules, SizeIs(6));
  EXPECT_EQ(rules[0].name, "local-pro");
  EXPECT_EQ(rules[0].origin, "benchd.yml:4");
  EXPECT_EQ(rules[0].containers, "local-pro*");
  EXPECT_EQ(rules[0].timezone, "Europe/Paris");
  ASSERT_THAT(rules[0].patterns, SizeIs(1));
  EXPECT_EQ(rules[0].patterns[0].origin, "benchd.yml:6");
  EXPECT_EQ(rules[1].expire, 600'000'000'000);
  ASSERT_THAT(rules[2].patterns, SizeIs(2));
  EXPECT_EQ(rules[2].patterns[0].role, Pattern::Role::Start);
  EXPECT_EQ(rules[2].patterns[1].role, Pattern::Role::End);
  EXPECT_EQ(rules[3].name, "nginx");
  EXPECT_EQ(rules[4].path, "/var/log/app.log");
  EXPECT_THAT(rules[5].files, ElementsAre("/srv/app/log/*.log"));
  EXPECT_EQ(rules[5].container, "app");
  const auto set = RuleSet::compile(rules);
  EXPECT_TRUE(set.ok()) << set.error().message();
}

TEST(RuleFile, ReadsKeyedPatternsAndMaps) {
  const std::vector<Rule> rules = parsed(R"yaml(
- name: a
  json: {duration: elapsed_ms:ms, kind: task.name, where: {event: done, level: [info, warn*]}}
  outcome: {succeeded: ok, "5*": error}
  time-of: start
  max-labels: 7
- name: b
  any:
    - {regex: 'ok (?P<ms>\d+)'}
    - {logfmt: {id: id, where: {msg: failed}}, outcome: failed}
)yaml");
  ASSERT_THAT(rules, SizeIs(2));
  ASSERT_THAT(rules[0].patterns, SizeIs(1));
  const Pattern& json = rules[0].patterns[0];
  EXPECT_THAT(json.fields, ElementsAre(FieldSpec{Field::Duration, Unit::Millisecond, "elapsed_ms"},
                                       FieldSpec{Field::Kind, Unit::Auto, "task.name"}));
  EXPECT_THAT(json.conditions, ElementsAre(Condition{"event", {"done"}}, Condition{"level", {"info", "warn*"}}));
  EXPECT_THAT(rules[0].outcomes, ElementsAre(Pair("succeeded", "ok"), Pair("5*", "error")));
  EXPECT_TRUE(rules[0].time_is_start);
  EXPECT_EQ(rules[0].max_labels, 7U);
  ASSERT_THAT(rules[1].patterns, SizeIs(2));
  EXPECT_EQ(rules[1].patterns[0].form, Pattern::Form::Regex);
  EXPECT_EQ(rules[1].patterns[1].outcome, "failed");
}

TEST(RuleFile, NoRulesAreNoError) {
  EXPECT_THAT(parsed(""), IsEmpty());
  EXPECT_THAT(parsed("interval: 1s"), IsEmpty());
  EXPECT_THAT(parsed("tasks:"), IsEmpty());
  EXPECT_THAT(parsed("tasks: []"), IsEmpty());
}

/// yaml-cpp 0.7's LoadAll makes documents of it until the memory is full.
TEST(RuleFile, ATextThatBeginsWithACommaIsRefused) {
  EXPECT_THAT(refused(",9"), HasSubstr("several"));
  EXPECT_FALSE(rules_of_labels({{"benchd.task.json", ",9"}}).ok());
}

TEST(RuleFile, WhatIsNotUtf8IsRefused) {
  EXPECT_EQ(refused("- {name: \xC1, match: x}"), "benchd.yml: not UTF-8");
}

struct Bad {
  const char* yaml;
  const char* place;
  const char* says;
};
class ABadRule : public testing::TestWithParam<Bad> {};

TEST_P(ABadRule, IsRefusedWithFileAndLine) {
  EXPECT_THAT(refused(GetParam().yaml), AllOf(HasSubstr(GetParam().place), HasSubstr(GetParam().says)));
}

INSTANTIATE_TEST_SUITE_P(
    Rules, ABadRule,
    testing::Values(
        Bad{"tasks: 7", "benchd.yml:1: tasks", "a list of rules"}, Bad{"tasks:\n  - 7", "benchd.yml:2: tasks", "a map"},
        Bad{"- name: a", "benchd.yml:1: tasks", "a rule without a pattern"},
        Bad{"- match: 'a {id}'", "benchd.yml:1: name", "a name"},
        Bad{"- name: a\n  mach: x", "benchd.yml:2: mach", "match, regex"},
        Bad{"- name: a\n  match: x\n  regex: y", "benchd.yml:3: regex", "beside match"},
        Bad{"- name: a\n  match: x\n  match: y", "benchd.yml:3: match", "twice"},
        Bad{"- name: a\n  start: {match: 'b {id}'}", "benchd.yml:1: start", "start and end together"},
        Bad{"- name: a\n  start: {match: 'b {id}'}\n  end: {match: 'e'}", "benchd.yml:3: match", "need an id each"},
        Bad{"- name: a\n  start: 7\n  end: {match: 'e'}", "benchd.yml:2: start", "a map with one of match"},
        Bad{"- name: a\n  match: 'b {idd}'", "benchd.yml:2: match", "fields are duration"},
        Bad{"- name: a\n  match: ['b {id}', 'c {idd}']", "benchd.yml:2: match", "fields are duration"},
        Bad{"- name: a\n  regex: '(b'", "benchd.yml:2: regex: found \"(b\"", "missing )"},
        Bad{"- name: a\n  regex: 'a{100000}'", "benchd.yml:2: regex", "invalid repetition size"},
        Bad{"- name: a\n  match: 'x {mean:ms}'", "benchd.yml:2: match", "mean needs a count"},
        Bad{"- name: a\n  match: 'x {count} {mean:ms} {sum:ms}'", "benchd.yml:2: match", "only one of"},
        Bad{"- name: a\n  match: 'x {id} {id}'", "benchd.yml:2: match", "id stands there twice"},
        Bad{"- name: a\n  json: {id: x, wher: {a: b}}", "benchd.yml:2: json", "where"},
        Bad{"- name: a\n  json: {duration: 'x:weeks'}", "benchd.yml:2: json: duration", "PATH:UNIT"},
        Bad{"- name: a\n  json: {}", "benchd.yml:2: json", "needs a field or a condition"},
        Bad{"- name: a\n  json: x", "benchd.yml:2: json", "a map"},
        Bad{"- use: ngins", "benchd.yml:1: use: found \"ngins\"", "nginx"},
        Bad{"- name: a\n  match: x\n  expire: 10", "benchd.yml:3: expire", "with its unit"},
        Bad{"- name: a\n  match: x\n  max-labels: 0", "benchd.yml:3: max-labels", "from 1 to"},
        Bad{"- name: a\n  match: x\n  time: '%Q'", "benchd.yml:1: time", "%Q is no part"},
        Bad{"- name: a\n  match: x\n  timezone: Mars", "benchd.yml:1: timezone", "no time zone"},
        Bad{"- name: a\n  match: x\n  time-of: middle", "benchd.yml:3: time-of", "start or end"},
        Bad{"- name: a\n  match: x\n  path: log", "benchd.yml:3: path", "beginning with /"},
        Bad{"- name: a\n  match: x\n  container: b", "benchd.yml:3: container", "without files"},
        Bad{"- name: a\n  match: x\n  files: /a\n  path: /b", "benchd.yml:3: files", "beside containers"},
        Bad{"- name: a\n  match: 'x {duration:ms}'\n  example: 'y 7'", "benchd.yml:1: example", "not matched"},
        Bad{"- name: a\n  match: 'x {count} y'\n  example: 'x 1.5 y'", "benchd.yml:1: example", "malformed"},
        Bad{"- name: [a]\n  match: x", "benchd.yml:1: name", "a plain value"},
        Bad{"- name: a\n  match: {b: c}", "benchd.yml:2: match", "a plain value"},
        Bad{"- name: [a\n", "benchd.yml:", "not YAML"}));

TEST(RulesOfLabels, OneRule) {
  const auto rules = rules_of_labels({{"benchd.task.match", "task {id} done in {duration:ms}"},
                                      {"benchd.task.timezone", "UTC"},
                                      {"benchd.experiment", "e"},
                                      {"other", "x"}});
  ASSERT_TRUE(rules.ok()) << rules.error().message();
  ASSERT_THAT(*rules, SizeIs(1));
  EXPECT_EQ(rules->front().name, "task");
  EXPECT_EQ(rules->front().origin, "label benchd.task");
  EXPECT_EQ(rules->front().patterns.at(0).text, "task {id} done in {duration:ms}");
}

TEST(RulesOfLabels, SeveralWithNamesAndStructure) {
  const auto rules = rules_of_labels({{"benchd.task.mail.json", "{duration: ms:ms, where: {event: mail}}"},
                                      {"benchd.task.mail.outcome", "sent"},
                                      {"benchd.task.request.start.match", "begin {id}"},
                                      {"benchd.task.request.end.match", "end {id}"},
                                      {"benchd.task.use", "nginx"},
                                      {"benchd.task.name", "web"}});
  ASSERT_TRUE(rules.ok()) << rules.error().message();
  ASSERT_THAT(*rules, SizeIs(3));
  EXPECT_EQ((*rules)[0].name, "web");
  EXPECT_EQ((*rules)[1].name, "mail");
  EXPECT_EQ((*rules)[1].outcome, "sent");
  EXPECT_EQ((*rules)[2].name, "request");
  EXPECT_THAT((*rules)[2].patterns, SizeIs(2));
}

TEST(RulesOfLabels, AContainerSpeaksOnlyOfItself) {
  const auto refused = [](const std::map<std::string, std::string>& labels) {
    const auto rules = rules_of_labels(labels);
    return rules.ok() ? std::string() : rules.error().message();
  };
  EXPECT_THAT(refused({{"benchd.task.match", "x"}, {"benchd.task.a.files", "/etc/shadow"}}), HasSubstr("unknown key"));
  EXPECT_THAT(refused({{"benchd.task.a.match", "x"}, {"benchd.task.a.containers", "*"}}),
              AllOf(HasSubstr("label benchd.task.a"), HasSubstr("unknown key")));
  EXPECT_THAT(refused({{"benchd.task.json", "{a: "}}), HasSubstr("label benchd.task.json"));
  EXPECT_THAT(refused({{"benchd.task.start", "x"}, {"benchd.task.start.match", "y"}}), HasSubstr("label"));
  EXPECT_THAT(refused({{"benchd.task.", "x"}}), HasSubstr("label"));
}

}  // namespace
}  // namespace benchd::rules
