#include <limits>

#include <gmock/gmock.h>

#include "exporters/prometheus/renderer.h"
#include "model/snapshot.h"

namespace benchd::exposition {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string rendered(std::vector<model::ComparisonSet> sets) {
  model::Snapshot snapshot;
  snapshot.comparisons = std::make_shared<const std::vector<model::ComparisonSet>>(std::move(sets));
  Renderer renderer;
  std::string text;
  renderer.render(snapshot, 0, {}, Format::Text, text);
  return text;
}

model::Comparison comparison_of(const std::string& variant, model::Estimate ratio,
                                std::optional<model::Verdict> verdict) {
  model::Comparison comparison;
  comparison.variant.name = variant;
  comparison.ratio = ratio;
  comparison.verdict = verdict;
  return comparison;
}

TEST(CompareFamilies, AVerdictIsASeriesAndEachBoundOne) {
  model::ComparisonSet set;
  set.experiment.name = "builds -O";
  set.comparisons = {comparison_of("lto", {0.75, model::Bounds{0.625, 0.875}}, model::Verdict::Faster)};
  const std::string text = rendered({set});
  for (const char* line : {"benchd_compare_ratio{experiment=\"builds -O\",variant=\"lto\",bound=\"estimate\"} 0.75\n",
                           "benchd_compare_ratio{experiment=\"builds -O\",variant=\"lto\",bound=\"low\"} 0.625\n",
                           "benchd_compare_ratio{experiment=\"builds -O\",variant=\"lto\",bound=\"high\"} 0.875\n",
                           "benchd_compare_verdict{experiment=\"builds -O\",variant=\"lto\",verdict=\"faster\"} 1\n"})
    EXPECT_THAT(text, HasSubstr(line));
}

TEST(CompareFamilies, WhatIsNotKnownHasNoSeries) {
  model::ComparisonSet set;
  set.experiment.name = "x";
  set.comparisons = {comparison_of("few", {1.5, {}}, model::Verdict::Inconclusive),
                     comparison_of("none", {std::numeric_limits<double>::quiet_NaN(), {}}, {})};
  const std::string text = rendered({set});
  EXPECT_THAT(text, HasSubstr("variant=\"few\",bound=\"estimate\"} 1.5"));
  EXPECT_THAT(text, Not(HasSubstr("variant=\"few\",bound=\"low\"")));
  EXPECT_THAT(text, Not(HasSubstr("variant=\"none\",bound=")));
  EXPECT_THAT(text, HasSubstr("variant=\"none\",verdict=\"none\"} 1"));
}

TEST(CompareFamilies, ABoundThatFailuresReachIsInfinite) {
  model::ComparisonSet set;
  set.experiment.name = "x";
  set.comparisons = {
      comparison_of("fails", {2, model::Bounds{1.1, std::numeric_limits<double>::infinity()}}, model::Verdict::Slower)};
  EXPECT_THAT(rendered({set}), HasSubstr("variant=\"fails\",bound=\"high\"} +Inf\n"));
}

}  // namespace
}  // namespace benchd::exposition
