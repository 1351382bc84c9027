#include "collectors/tasks/rules/template.h"

#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace benchd::rules {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Template compiled(std::string_view text) {
  auto result = Template::compile(text);
  if (!result.ok()) throw std::invalid_argument(result.error().message());
  return *std::move(result);
}

std::string refused(std::string_view text) {
  const auto result = Template::compile(text);
  EXPECT_FALSE(result.ok()) << text;
  return result.ok() ? "" : result.error().message();
}

/// The captures, or nothing where the line does not match.
std::vector<std::string> match(std::string_view text, std::string_view line) {
  const Template it = compiled(text);
  std::vector<std::string_view> captures(it.fields().size());
  if (!it.match(line, captures)) return {};
  return {captures.begin(), captures.end()};
}

TEST(Template, TakesFieldsOutOfTheMiddleOfALine) {
  EXPECT_THAT(match("task {id} done in {duration:ms}", "2025-01-01 12:00:00 INFO task 4711 done in 123.4 ms"),
              ElementsAre("4711", "123.4"));
  EXPECT_THAT(match("processed {count} tasks, mean {mean:ms}", "processed 1,500 tasks, mean 12 ms"),
              ElementsAre("1,500", "12"));
  EXPECT_THAT(match("job {id} {outcome} after {duration:auto}", "job a-7 ok after 1h2m3.5s (retry 0)"),
              ElementsAre("a-7", "ok", "1h2m3.5s"));
  EXPECT_THAT(match("row {count} in {duration:s}", "row 12 in   0.5"), ElementsAre("12", "0.5"));
  EXPECT_THAT(match("task {id} done", "task  done"), IsEmpty());
  EXPECT_THAT(match("task {id} done in {duration:ms}", "task 4711 done in no time"), IsEmpty());
}

TEST(Template, GoesOnToTheNextPlaceWhereTheFirstDoesNotFit) {
  EXPECT_THAT(match("task {id} done in {duration:ms}", "task runner: task 5 done in 7"), ElementsAre("5", "7"));
}

TEST(Template, TwoNumbersOrThousandsPartedByABlankAreNotTakenForTheFirst) {
  EXPECT_THAT(match("took {duration:ms}", "took 1 234,5 ms"), IsEmpty());
  EXPECT_THAT(match("took {duration:ms}", "took 1 234 ms"), IsEmpty());
  EXPECT_THAT(match("took {duration:ms}", "took 5 200 rows"), ElementsAre("5"));
  EXPECT_THAT(match("GET {} {} {duration:ms}", "GET /x 200 153.123 ms - 12"), ElementsAre("153.123"));
  EXPECT_THAT(match("GET {} {duration:ms} ms", "GET /x 200 153 ms - 12"), ElementsAre("153"));
}

TEST(Template, MayBeginWithAField) {
  EXPECT_THAT(match("{id}: done", "12:00:00 worker a-1: done"), ElementsAre("a-1"));
  EXPECT_THAT(match("{duration:ms} ms for {kind}", "took 12.5 ms for mail"), ElementsAre("12.5", "mail"));
  EXPECT_THAT(match("{duration:auto} elapsed", "after 1 min 3 s elapsed"), ElementsAre("1 min 3 s"));
  EXPECT_THAT(match("{count} rows", "x1 rows then 17 rows"), ElementsAre("17"));
}

TEST(Template, QuotesAndBracketsHoldBlanks) {
  EXPECT_THAT(match("task '{kind}' took {duration:s}", "task 'send mail' took 2"), ElementsAre("send mail", "2"));
  EXPECT_THAT(match("[{kind}] done", "[two words] done"), ElementsAre("two words"));
  EXPECT_THAT(match("task {kind} took {duration:s}", "task send mail took 2"), IsEmpty());
}

TEST(Template, SkipsAnythingBetweenEmptyBraces) {
  EXPECT_THAT(match("begin{}id={id}{}end", "begin of a thing, id=7, and its end"), ElementsAre("7"));
  // The first "b" behind "a" is not followed by a number; the second one is.
  EXPECT_THAT(match("a{}b{count}", "a b b b3"), ElementsAre("3"));
  EXPECT_THAT(match("{} task {id}", "any task 9."), ElementsAre("9"));
  EXPECT_THAT(match("{}{}ta{}{}b {id}{}{}", "tab 7"), ElementsAre("7"));
}

TEST(Template, ANumberMeansTheUnitThatItNamesItself) {
  EXPECT_THAT(match("took {duration:ms}, ok", "took 1.2s, ok"), ElementsAre("1.2s"));
  EXPECT_THAT(match("took {duration:s}", "took 00:01:02"), ElementsAre("00:01:02"));
  EXPECT_THAT(match("took {duration:ms} ms", "took 1.2 s"), IsEmpty());
}

TEST(Template, LearnsTheUnitFromTheTextBehind) {
  EXPECT_EQ(compiled("took {duration} ms").fields()[0].unit, Unit::Millisecond);
  EXPECT_EQ(compiled("took {duration}s").fields()[0].unit, Unit::Second);
  EXPECT_EQ(compiled("took {duration} \u00B5s.").fields()[0].unit, Unit::Microsecond);
  EXPECT_EQ(compiled("took {duration} more").fields()[0].unit, Unit::Auto);
  EXPECT_THAT(refused("took {duration:s} ms"), HasSubstr("before the unit ms"));
}

TEST(Template, DoubledBracesAreBraces) {
  EXPECT_THAT(match("{{id: {id}}}", "{id: 7}"), ElementsAre("7"));
}

TEST(Template, SaysWhatIsWrong) {
  EXPECT_THAT(refused("task {identity} done"), HasSubstr("fields are duration, count"));
  EXPECT_THAT(refused("task {id:ms} done"), HasSubstr("only duration, mean and sum"));
  EXPECT_THAT(refused("task {duration:weeks}"), HasSubstr("ns, us, ms"));
  EXPECT_THAT(refused("task {id"), HasSubstr("without its }"));
  EXPECT_THAT(refused("task id}"), HasSubstr("without its {"));
  EXPECT_THAT(refused("task {id}{kind}"), HasSubstr("text between them"));
  EXPECT_THAT(refused("{duration:ms}"), HasSubstr("some text of its own"));
  EXPECT_THAT(refused(" {id} {kind}"), HasSubstr("some text of its own"));
  EXPECT_THAT(refused(""), HasSubstr("some text of its own"));
}

// Quadratic, this takes minutes.
TEST(Template, AHostileLineTakesTimeInProportionToItsLength) {
  const Template it = compiled("a{id}b{kind}c{count}d{}e{count}f");
  std::string line;
  while (line.size() < 1 << 22) line += "aabbcc1ddee";
  std::vector<std::string_view> captures(it.fields().size());
  EXPECT_FALSE(it.match(line, captures));
}

}  // namespace
}  // namespace benchd::rules
