#include "base/text.h"

#include <vector>

#include <gtest/gtest.h>

namespace benchd::base {
namespace {

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) lines.push_back(cut(text, '\n'));
  return lines;
}

TEST(Cut, VisitsALastLineWithoutANewline) {
  EXPECT_EQ(lines_of("a 1\nb 2"), (std::vector<std::string_view>{"a 1", "b 2"}));
  EXPECT_EQ(lines_of("a 1\nb 2\n"), (std::vector<std::string_view>{"a 1", "b 2"}));
}

TEST(Cut, KeepsEmptyLinesInTheMiddle) {
  EXPECT_EQ(lines_of("a\n\nb\n"), (std::vector<std::string_view>{"a", "", "b"}));
}

TEST(ParseInteger, TakesAllOfTheTextOrNothing) {
  EXPECT_EQ(parse_integer("18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(parse_integer("18446744073709551616"), std::nullopt);
  EXPECT_EQ(parse_integer(""), std::nullopt);
  EXPECT_EQ(parse_integer("-1"), std::nullopt);
  EXPECT_EQ(parse_integer("12 "), std::nullopt);
  EXPECT_EQ(parse_integer("max"), std::nullopt);
}

TEST(GlobMatch, StarCrossesSlashes) {
  EXPECT_TRUE(glob_match("/system.slice/*", "/system.slice/a/b"));
  EXPECT_FALSE(glob_match("/system.slice", "/system.slice/a"));
}

TEST(QuotedList, ShowsWhereEachTextBeginsAndEnds) {
  EXPECT_EQ(quoted_list({}), "");
  EXPECT_EQ(quoted_list({"a, b", ""}), R"("a, b", "")");
}

TEST(ToUtf8, ReplacesOnlyWhatIsNotUtf8) {
  EXPECT_EQ(to_utf8("na\xC3\xAFve"), "na\xC3\xAFve");
  EXPECT_EQ(to_utf8("\xF0\x9F\x90\xB3"), "\xF0\x9F\x90\xB3");
  EXPECT_EQ(to_utf8("a\xFFz"), "a\xEF\xBF\xBDz");
  EXPECT_EQ(to_utf8("\xC3"), "\xEF\xBF\xBD");                                  // cut off
  EXPECT_EQ(to_utf8("\xC0\xAF"), "\xEF\xBF\xBD\xEF\xBF\xBD");                  // overlong
  EXPECT_EQ(to_utf8("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // surrogate
}

TEST(EscapeMarkup, LeavesNothingThatMeansAnythingInHtmlOrXml) {
  EXPECT_EQ(escape_markup("<script>alert('1' + \"2\") && 3</script>"),
            "&lt;script&gt;alert(&#39;1&#39; + &quot;2&quot;) &amp;&amp; 3&lt;/script&gt;");
  EXPECT_EQ(escape_markup("plain-name_1.é"), "plain-name_1.é");
}

TEST(EscapeMarkup, IsAlwaysUtf8) {
  EXPECT_EQ(escape_markup("a\xff<"), "a\xef\xbf\xbd&lt;");
  EXPECT_EQ(escape_markup("\xc3"), "\xef\xbf\xbd");
}

TEST(TextTest, SharesMayBeInPercent) {
  EXPECT_EQ(parse_share("3%"), 0.03);
  EXPECT_EQ(parse_share(" 0.03 "), 0.03);
  for (const char* text : {"", "%", "three", "3 percent", "nan", "inf", "3%%"}) EXPECT_FALSE(parse_share(text)) << text;
}

}  // namespace
}  // namespace benchd::base
