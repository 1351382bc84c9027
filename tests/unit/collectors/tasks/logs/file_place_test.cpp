#include "collectors/tasks/logs/file_place.h"

#include <gtest/gtest.h>

namespace benchd::logs {
namespace {

FilePlace sample() {
  return {.files = {{{.device = 0xfe01, .inode = 12, .born = 1'735'787'045'123'456'789}, {1024, ~0ULL}},
                    {{.device = 0xfe01, .inode = 13, .born = -1}, {0, 0}}},
          .read = {1, 1ULL << 40},
          .out = {0, 17},
          .error = {1, 3},
          .tail = 0xdeadbeef,
          .skipping = true};
}

TEST(FilePlace, IsTheSameAfterText) {
  EXPECT_EQ(parse_file_place(to_text(sample())), sample());
}

TEST(FilePlace, RefusesWhatItIsNot) {
  const std::string text = to_text(sample());
  EXPECT_EQ(parse_file_place(""), std::nullopt);
  EXPECT_EQ(parse_file_place("file9" + text.substr(5)), std::nullopt) << "another version";
  EXPECT_EQ(parse_file_place("file1 0:0 0:0 0:0 0 0"), std::nullopt) << "no file";
  EXPECT_EQ(parse_file_place("file1 0:1 0:2 0:0 0 0 1:2:3:0:0"), std::nullopt) << "a stream beyond what was read";
  EXPECT_EQ(parse_file_place("file1 0:1 0:0 0:0 0 0 1:2:3:ffff:0"), std::nullopt) << "an impossible head";
  for (size_t length = 0; length < text.size() - 1; ++length)
    EXPECT_NE(parse_file_place(text.substr(0, length)), sample()) << length;
}

}  // namespace
}  // namespace benchd::logs
