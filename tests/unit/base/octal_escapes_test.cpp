#include "base/octal_escapes.h"

#include <gtest/gtest.h>

namespace benchd::base {
namespace {

std::string undone(std::string_view escaped) {
  std::string out = "what was there before";
  undo_octal_escapes(escaped, out);
  return out;
}

TEST(OctalEscapesTest, TheKernelsAreUndone) {
  EXPECT_EQ(undone(R"(/mnt/a\040b\011c\012d\134e)"), "/mnt/a b\tc\nd\\e");
}

TEST(OctalEscapesTest, WhatIsNoneStays) {
  EXPECT_EQ(undone(R"(\9)"), R"(\9)");
  EXPECT_EQ(undone(R"(\40)"), R"(\40)") << "cut short";
  EXPECT_EQ(undone(R"(\400)"), R"(\400)") << "no byte";
  EXPECT_EQ(undone(""), "");
}

}  // namespace
}  // namespace benchd::base
