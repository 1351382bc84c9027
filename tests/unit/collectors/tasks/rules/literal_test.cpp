#include "collectors/tasks/rules/literal.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "collectors/tasks/rules/literal_filter.h"

namespace benchd::rules {
namespace {

TEST(LiteralTest, IsFoundWhereverItStands) {
  for (const std::string text : {"x", "xy", "task ", "a text of more than sixteen bytes"}) {
    const Literal literal(text);
    for (size_t size = 0; size < 80; ++size) {
      const std::string without(size, 't');
      EXPECT_EQ(literal.find(without), std::string::npos);
      for (size_t at = 0; at <= size; ++at) {
        const std::string line = without.substr(0, at) + text + without.substr(at);
        const std::string exact(line);  // its end is the heap's: a sanitizer sees a load beyond it
        for (const size_t from : {size_t{0}, at, at + 1}) {
          EXPECT_EQ(literal.find(exact, from), exact.find(text, from)) << text << ' ' << size << ' ' << at;
        }
      }
    }
  }
  EXPECT_EQ(Literal("x").find("x", 2), std::string::npos);
}

class LiteralFilterTest : public testing::TestWithParam<int> {};

INSTANTIATE_TEST_SUITE_P(FewAndMany, LiteralFilterTest, testing::Values(0, 20, 2'000));

TEST_P(LiteralFilterTest, FindsAllThatAreThereAndNoOther) {
  std::vector<std::string> texts = {"task ", " done", "done in ", "abc", "one", "alpha", "alphabet", "xxxxx"};
  for (int i = 0; i < GetParam(); ++i) texts.push_back("number " + std::to_string(i) + ";");
  const LiteralFilter filter(texts);
  std::vector<uint8_t> present;
  for (const std::string line :
       {"", "abc", "a task is done in time", "the alphabet", "done", "xxxx", "xxxxxx number 17;",
        "number 1999; and number 5", "a line of many bytes, and not before its very end comes alphabet",
        "task done in abc"}) {
    filter.find(line, present);
    ASSERT_EQ(present.size(), texts.size());
    for (size_t i = 0; i < texts.size(); ++i) {
      const bool there = texts[i].size() < 4 || line.find(texts[i]) != std::string::npos;
      EXPECT_EQ(present[i] != 0, there) << texts[i] << " in " << line;
    }
  }
}

std::string required_literal(std::string_view regex) {
  return longest_of(required_literals(regex));
}

TEST(RequiredLiteral, IsTheLongestTextThatStandsForSure) {
  EXPECT_EQ(required_literal(R"(task (?P<id>\d+) done in (?P<ms>[\d.,]+) ms)"), " done in ");
  EXPECT_EQ(required_literal("^GET /index\\.html$"), "GET /index.html");
  EXPECT_EQ(required_literal("colou?r"), "colo");
  EXPECT_EQ(required_literal("ab+c"), "ab");
  EXPECT_EQ(required_literal("ab*cde"), "cde");
  EXPECT_EQ(required_literal("ab{2,3}c"), "a");
  EXPECT_EQ(required_literal("ab{2,}c{3}"), "a");
  EXPECT_EQ(required_literal("ab{x}cde"), "x}cde");
  EXPECT_EQ(required_literal("[abc]x[]y]zz"), "zz");
  EXPECT_EQ(required_literal("(abc)+x"), "x");
  EXPECT_EQ(required_literal("a\\(bc"), "a(bc");
}

TEST(RequiredLiteral, IsUnknownWhereTheRegexMayMeanOtherTexts) {
  EXPECT_EQ(required_literal("done|finished"), "");
  EXPECT_EQ(required_literal("k{done|finished}"), "") << "no repeat: RE2 takes the brace for a character";
  EXPECT_EQ(required_literal("{,3|4}done"), "");
  EXPECT_EQ(required_literal("(?i)done"), "");
  EXPECT_EQ(required_literal("(?:done|finished)"), "");
  EXPECT_EQ(required_literal("\\Qa+\\E"), "");
  EXPECT_EQ(required_literal("caf\u00E9+"), "");
  EXPECT_EQ(required_literal(".*"), "");
}

}  // namespace
}  // namespace benchd::rules
