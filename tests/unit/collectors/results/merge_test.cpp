#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/results/results.h"

namespace benchd::results {
namespace {

using model::Measure;
using testing::ElementsAre;
using testing::HasSubstr;

FileResults file(const std::string& path, std::string_view text) {
  auto results = parse(text, path);
  EXPECT_TRUE(results.ok());
  return {path, *results};
}

TEST(Merge, VariantsOfAllFilesOneAfterTheOther) {
  const auto merged = merge({file("x/a.csv", "a,1\nb,2\n"), file("y/c.csv", "c,3\n")});
  ASSERT_TRUE(merged.ok());
  EXPECT_THAT(merged->variants, ElementsAre("a", "b", "c"));
  ASSERT_EQ(merged->runs.size(), 3);
  EXPECT_EQ(merged->runs[2].variant, 2);
  EXPECT_EQ(merged->runs[2].values[Measure::Value], 3);
}

TEST(Merge, TheSameCommandInTwoFilesIsNamedAfterThem) {
  constexpr auto* kText = R"({"results": [{"command": "python3 app.py", "times": [1]}]})";
  const auto merged = merge({file("x/base.json", kText), file("x/change.json", kText)});
  ASSERT_TRUE(merged.ok());
  EXPECT_THAT(merged->variants, ElementsAre("base", "change"));
}

TEST(Merge, AVariantInTwoFilesThatHoldOthersTooIsRefused) {
  const auto merged = merge({file("a.csv", "a,1\nb,2\n"), file("b.csv", "a,3\n")});
  ASSERT_FALSE(merged.ok());
  EXPECT_THAT(merged.error().message(), HasSubstr("variant \"a\" is both in a.csv and in b.csv"));
}

TEST(Merge, OfTheSameFileTwiceIsRefused) {
  const auto merged = merge({file("x/a.csv", "a,1\n"), file("y/a.csv", "a,1\n")});
  EXPECT_FALSE(merged.ok());
}

TEST(Merge, KeepsTheMeasuresThatAllFilesHave) {
  const auto merged =
      merge({file("a.csv", "variant,duration,memory_peak\na,1,2\n"), file("b.csv", "variant,memory_peak\nb,3\n")});
  ASSERT_TRUE(merged.ok());
  EXPECT_THAT(merged->measures, ElementsAre(Measure::MemoryPeak));
  const auto none = merge({file("a.csv", "variant,duration\na,1\n"), file("b.csv", "variant,memory_peak\nb,3\n")});
  ASSERT_FALSE(none.ok());
  EXPECT_THAT(none.error().message(), HasSubstr("no measure in common"));
}

TEST(Read, AMissingFileIsAnErrorWithItsName) {
  const auto results = read({"/nonexistent/runs.csv"});
  ASSERT_FALSE(results.ok());
  EXPECT_THAT(results.error().message(), HasSubstr("read /nonexistent/runs.csv: No such file"));
}

}  // namespace
}  // namespace benchd::results
