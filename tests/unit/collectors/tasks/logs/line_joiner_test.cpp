#include "collectors/tasks/logs/line_joiner.h"

#include <gtest/gtest.h>

namespace benchd::logs {
namespace {

Record piece(std::string_view text, int64_t stamp = 1) {
  return {.text = text, .stamp = stamp, .ends_line = false};
}
Record end(std::string_view text, int64_t stamp = 1) {
  return {.text = text, .stamp = stamp, .ends_line = true};
}

TEST(LineJoiner, PassesAWholeLineWithoutACopy) {
  LineJoiner joiner;
  const std::string_view text = "a whole line";
  const auto line = joiner.take(end(text));
  ASSERT_TRUE(line);
  EXPECT_EQ(line->text.data(), text.data());
}

TEST(LineJoiner, PutsPiecesTogetherUnderTheFirstStamp) {
  LineJoiner joiner;
  EXPECT_FALSE(joiner.take(piece("a", 10)));
  EXPECT_TRUE(joiner.open());
  EXPECT_FALSE(joiner.take(piece("b", 11)));
  const auto line = joiner.take(end("c", 12));
  ASSERT_TRUE(line);
  EXPECT_EQ(line->text, "abc");
  EXPECT_EQ(line->stamp, 10);
  EXPECT_FALSE(joiner.open());
}

TEST(LineJoiner, EndsALineOfExactly16384BytesWithAnEmptyRecord) {
  LineJoiner joiner;
  const std::string text(16384, 'x');
  EXPECT_FALSE(joiner.take(piece(text)));
  const auto line = joiner.take(end(""));
  ASSERT_TRUE(line);
  EXPECT_EQ(line->text, text);
  EXPECT_FALSE(joiner.flush()) << "no empty line after it";
}

TEST(LineJoiner, KeepsTheHeadOfAHundredMegabytes) {
  LineJoiner joiner;
  const std::string text(16384, 'x');
  for (int i = 0; i < 6400; ++i) ASSERT_FALSE(joiner.take(piece(text)));
  const auto line = joiner.take(end("end"));
  ASSERT_TRUE(line);
  EXPECT_EQ(line->text.size(), kMaxLine);
  EXPECT_TRUE(line->truncated);
  EXPECT_FALSE(joiner.take(end("next"))->truncated);
}

TEST(LineJoiner, CutsATerminalsCarriageReturnThatCameAlone) {
  LineJoiner joiner;
  joiner.take(piece("abc\r"));
  EXPECT_EQ(joiner.take(end(""))->text, "abc");
}

TEST(LineJoiner, GivesWhatThereIsOfALineThatWillNotEnd) {
  LineJoiner joiner;
  joiner.take(piece("cut by the contain"));
  const auto line = joiner.flush();
  ASSERT_TRUE(line);
  EXPECT_EQ(line->text, "cut by the contain");
  EXPECT_FALSE(joiner.flush());
}

}  // namespace
}  // namespace benchd::logs
