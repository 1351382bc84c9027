#include "collectors/tasks/rules/keyed.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/tasks/rules/logfmt.h"

namespace benchd::rules {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Pattern json(std::vector<FieldSpec> fields, std::vector<Condition> conditions = {}) {
  return {.form = Pattern::Form::Json, .fields = std::move(fields), .conditions = std::move(conditions)};
}

Pattern logfmt(std::vector<FieldSpec> fields, std::vector<Condition> conditions = {}) {
  return {.form = Pattern::Form::Logfmt, .fields = std::move(fields), .conditions = std::move(conditions)};
}

std::vector<std::string> match(const Pattern& pattern, std::string_view line) {
  const auto it = Keyed::compile(pattern);
  EXPECT_TRUE(it.ok());
  std::vector<std::string_view> captures(it->fields().size());
  if (!it->match(line, captures)) return {};
  return {captures.begin(), captures.end()};
}

const FieldSpec kElapsed{Field::Duration, Unit::Millisecond, "task.elapsed"};
const FieldSpec kKind{Field::Kind, Unit::Auto, "kind"};

TEST(Json, FindsAPathNestedOrInOneKey) {
  EXPECT_THAT(match(json({kElapsed}), R"({"level":"info","task":{"id":7,"elapsed":12.5}})"), ElementsAre("12.5"));
  EXPECT_THAT(match(json({kElapsed}), R"({"task.elapsed": 12.5})"), ElementsAre("12.5"));
  EXPECT_THAT(match(json({kElapsed}), R"({"elapsed": 12.5, "other": {"elapsed": 3}})"), IsEmpty());
  EXPECT_THAT(match(json({kElapsed}), R"(INFO app: {"task":{"elapsed":1}} and more)"), ElementsAre("1"));
}

TEST(Json, UnescapesStrings) {
  EXPECT_THAT(match(json({{Field::Id, Unit::Auto, "id"}}), R"({"id":"a\"b\\c\u00e9\ud83d\ude00\n\x"})"),
              ElementsAre("a\"b\\c\u00E9\U0001F600\nx"));
  EXPECT_THAT(match(json({{Field::Id, Unit::Auto, "id"}, kKind}), R"({"id":"a\tb","kind":"c\td"})"),
              ElementsAre("a\tb", "c\td"));
}

TEST(Json, NullIsMissing) {
  EXPECT_THAT(match(json({{Field::Id, Unit::Auto, "id"}}), R"({"id":null})"), IsEmpty());
  EXPECT_THAT(match(json({{Field::Id, Unit::Auto, "id"}}), R"({"id":"null"})"), ElementsAre("null"));
}

TEST(Json, WhatIsCutOrNoJsonDoesNotMatch) {
  const Pattern pattern = json({{Field::Id, Unit::Auto, "id"}});
  for (const char* line :
       {R"({"id":"7")", R"({"id":"7)", R"({"id":)", R"({"id")", R"({"id)", "id", "", "{", R"({"id":7,]})"}) {
    EXPECT_THAT(match(pattern, line), IsEmpty()) << line;
  }
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += R"({"id":)";
  EXPECT_THAT(match(pattern, deep), IsEmpty());
}

TEST(Json, ConditionsMustHold) {
  const Pattern pattern =
      json({kKind}, {{.path = "event", .globs = {"done", "fail*"}}, {.path = "level", .globs = {"info"}}});
  EXPECT_THAT(match(pattern, R"({"event":"done","level":"info","kind":"a"})"), ElementsAre("a"));
  EXPECT_THAT(match(pattern, R"({"event":"failed","level":"info","kind":"a"})"), ElementsAre("a"));
  EXPECT_THAT(match(pattern, R"({"event":"begun","level":"info","kind":"a"})"), IsEmpty());
  EXPECT_THAT(match(pattern, R"({"event":"done","kind":"a"})"), IsEmpty());
  EXPECT_THAT(match(pattern, R"({"event":"done","level":"info"})"), ElementsAre(""));
}

TEST(Logfmt, ReadsPairs) {
  std::string scratch;
  LogfmtReader reader(R"(time=2025 flag msg="a \"quoted\" text" empty= "loose text" n=-1.5s =x k="un)", scratch);
  std::vector<std::string> pairs;
  while (const auto pair = reader.next()) pairs.push_back(std::string(pair->key) + "|" + std::string(pair->value));
  EXPECT_THAT(pairs, ElementsAre("time|2025", R"(msg|a "quoted" text)", "empty|", "n|-1.5s", "k|un"));
}

TEST(Logfmt, FieldsAndConditions) {
  const Pattern pattern = logfmt({{Field::Duration, Unit::Auto, "took"}}, {{.path = "msg", .globs = {"task done"}}});
  EXPECT_THAT(match(pattern, R"(level=INFO msg="task done" took=1.5s)"), ElementsAre("1.5s"));
  EXPECT_THAT(match(pattern, R"(level=INFO msg="task begun" took=1.5s)"), IsEmpty());
}

}  // namespace
}  // namespace benchd::rules
