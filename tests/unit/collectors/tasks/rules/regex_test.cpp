#include "collectors/tasks/rules/regex.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace benchd::rules {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> match(std::string_view text, std::string_view line) {
  const auto it = Regex::compile(text);
  EXPECT_TRUE(it.ok()) << (it.ok() ? "" : it.error().message());
  std::vector<std::string_view> captures(it->fields().size());
  if (!it->match(line, captures)) return {};
  return {captures.begin(), captures.end()};
}

TEST(Regex, GroupsAreFields) {
  const auto it = Regex::compile(R"(task (?P<id>\d+) (x)?(?P<other>y)?in (?P<ms>[\d.,]+))");
  ASSERT_TRUE(it.ok());
  EXPECT_THAT(it->fields(),
              ElementsAre(FieldSpec{.field = Field::Id}, FieldSpec{Field::Duration, Unit::Millisecond, {}}));
  EXPECT_THAT(match(R"(task (?P<id>\d+) (x)?(?P<other>y)?in (?P<ms>[\d.,]+))", "a task 7 yin 1,5 ms"),
              ElementsAre("7", "1,5"));
}

TEST(Regex, AGroupThatTookNoPartIsEmpty) {
  EXPECT_THAT(match(R"(took (?:(?P<ms>\d+)ms|(?P<s>\d+)s))", "took 3s"), ElementsAre("", "3"));
}

TEST(Regex, AnyByteIsACharacter) {
  EXPECT_THAT(match("a(?P<id>.)b(?P<kind>.*)c", std::string_view("a\0b\xFF\xFE"
                                                                 "c",
                                                                 6)),
              ElementsAre(std::string(1, '\0'), "\xFF\xFE"));
}

TEST(Regex, OtherCharactersThanAsciiAreWhole) {
  EXPECT_THAT(match("dur(?P<id>[\u00E9e])e", "dur\u00E9e"), ElementsAre("\u00E9"));
}

TEST(Regex, EvilPatternsAreLinear) {
  const auto it = Regex::compile("(a+)+$");
  ASSERT_TRUE(it.ok());
  const std::string line = std::string(100'000, 'a') + "!";
  EXPECT_FALSE(it->match(line, {}));
  const auto other = Regex::compile("(.*.*=.*)(x+x+)+y");
  ASSERT_TRUE(other.ok());
  EXPECT_FALSE(other->match(std::string(100'000, 'x'), {}));
}

TEST(Regex, HugeRepeatsAreRefused) {
  EXPECT_FALSE(Regex::compile("a{100000}").ok());
  EXPECT_FALSE(Regex::compile("((a{100}){100}){100}").ok());
  EXPECT_FALSE(Regex::compile("(((a{30}){30}){30}){30}").ok());
  EXPECT_FALSE(Regex::compile(std::string(5'000, 'a')).ok());
}

TEST(Regex, NeitherBackreferenceNorLookaround) {
  EXPECT_FALSE(Regex::compile(R"((a)\1)").ok());
  EXPECT_FALSE(Regex::compile("a(?=b)").ok());
  EXPECT_FALSE(Regex::compile("a(b").ok());
}

}  // namespace
}  // namespace benchd::rules
