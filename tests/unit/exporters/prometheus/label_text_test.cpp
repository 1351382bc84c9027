#include "exporters/prometheus/label_text.h"

#include <gtest/gtest.h>

namespace benchd::exposition {
namespace {

std::string escaped(std::string_view value) {
  std::string out;
  append_label_value(out, value);
  return out;
}

TEST(LabelText, EscapesWhatWouldEndTheValue) {
  EXPECT_EQ(escaped("a\"b\\c\nd"), R"(a\"b\\c\nd)");
}

TEST(LabelText, KeepsUtf8AndReplacesWhatIsNone) {
  EXPECT_EQ(escaped("caf\xc3\xa9"), "caf\xc3\xa9");
  EXPECT_EQ(escaped("a\xff\""), "a\xef\xbf\xbd\\\"");
}

TEST(LabelText, MakesNamesAsCadvisorDoes) {
  EXPECT_EQ(label_name("container_label_", "com.docker.compose.project"), "container_label_com_docker_compose_project");
  EXPECT_EQ(label_name("label_", "a\n\"b\xc3\xa9"), "label_a__b__");
}

}  // namespace
}  // namespace benchd::exposition
