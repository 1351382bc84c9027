#include "collectors/tasks/rules/plain_regex.h"

#include <array>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <re2/re2.h>

namespace benchd::rules {
namespace {

bool is_plain(std::string_view regex) {
  return PlainRegex::compile(regex).has_value();
}

TEST(PlainRegexTest, TakesWhatLogsNeed) {
  EXPECT_TRUE(is_plain(R"(task (?P<id>\d+) done in (?P<ms>[\d.,]+) ms)"));
  EXPECT_TRUE(is_plain(R"(^\S+ \S+ \[(?P<kind>[^\]]*)\] took (?P<s>\d+\.\d{3})s$)"));
  EXPECT_TRUE(is_plain(R"((?P<count>\d+) rows)"));
  EXPECT_TRUE(is_plain("a(b(c)d)e"));
}

TEST(PlainRegexTest, LeavesTheRestToRe2) {
  for (const char* regex :
       {"a|b",     "(?i)a", "a.*b",          "(a+)+$", "a(b)?c",      "\\bword", "(a|b)c",  "x*a",
        "\\d{3}a", "ab?bc", "a[[:alpha:]]b", "a\\pN",  "a()b",        "a+?",     "\\d+\\d", "a\\x41",
        "",        "^",     "a^b",           "a$b",    "\\d*[a-z]*5x"}) {
    EXPECT_FALSE(is_plain(regex)) << regex;
  }
}

/// What a regex gives for a line: every group, or that it does not match.
using Found = std::vector<std::string>;

Found by_re2(const RE2& regex, const std::string& line) {
  std::array<re2::StringPiece, 8> groups;
  const int count = regex.NumberOfCapturingGroups() + 1;
  if (!regex.Match(line, 0, line.size(), RE2::UNANCHORED, groups.data(), count)) return {"no"};
  Found found = {"yes"};
  for (int i = 0; i < count; ++i) found.emplace_back(groups.at(static_cast<size_t>(i)));
  return found;
}

Found by_walk(const PlainRegex& regex, const std::string& line, size_t count) {
  std::array<std::string_view, 8> groups;
  const auto answer = regex.match(line, std::span(groups).first(count));
  if (answer == PlainRegex::Answer::TooLong) return {"too long"};
  if (answer == PlainRegex::Answer::No) return {"no"};
  Found found = {"yes"};
  for (size_t i = 0; i < count; ++i) found.emplace_back(groups.at(i));
  return found;
}

/// Regexes and lines put together at random from what may go wrong with each other.
TEST(PlainRegexTest, FindsExactlyWhatRe2Finds) {
  constexpr const char* kParts[] = {"a",       "ab",      "aab",   "\\d",  "\\d+",   "[ab]+", "[^a]",    "[^a]+",
                                    "\\w+",    " ",       "\\s*",  "\\S+", "b*",     "b?",    "c{2}",    "c{1,3}",
                                    "1{2,}",   "\\.",     ".",     "(a)",  "(\\d+)", "(b+)",  "(a(b)c)", "(?:ab)",
                                    "[a-c.]+", "[\\d.]+", "\\D+?", "a+?",  "[]a]",   "[a-]"};
  constexpr const char* kText[] = {"a",  "b", "c", "ab", "aab", "1",    "12", " ",
                                   "  ", ".", "]", "-",  "\n",  "\xC3", "abc"};
  std::mt19937 random(7);  // NOLINT(cert-msc51-cpp): the same each time
  const auto below = [&](size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(random); };
  RE2::Options options;
  options.set_encoding(RE2::Options::EncodingLatin1);
  options.set_log_errors(false);
  int plain = 0;
  int matched = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text = below(6) == 0 ? "^" : "";
    for (size_t parts = 1 + below(5); parts > 0; --parts) text += kParts[below(std::size(kParts))];
    if (below(6) == 0) text += "$";
    const auto walk = PlainRegex::compile(text);
    if (!walk) continue;
    const RE2 regex(text, options);
    ASSERT_TRUE(regex.ok()) << text;
    if (regex.NumberOfCapturingGroups() > 6) continue;
    ++plain;
    for (int lines = 0; lines < 20; ++lines) {
      std::string line;
      for (size_t parts = below(12); parts > 0; --parts) line += kText[below(std::size(kText))];
      const Found expected = by_re2(regex, line);
      const Found found = by_walk(*walk, line, static_cast<size_t>(regex.NumberOfCapturingGroups()) + 1);
      if (found.front() == "too long") continue;
      matched += found.front() == "yes";
      ASSERT_EQ(found, expected) << text << " on \"" << line << '"';
    }
  }
  EXPECT_GT(plain, 1'000);
  EXPECT_GT(matched, 5'000);
}

TEST(PlainRegexTest, GivesUpWhereItWouldNotBeLinear) {
  const auto regex = PlainRegex::compile("a[a-z]+!");
  ASSERT_TRUE(regex);
  EXPECT_EQ(regex->match(std::string(1 << 20, 'a'), {}), PlainRegex::Answer::TooLong);
}

}  // namespace
}  // namespace benchd::rules
