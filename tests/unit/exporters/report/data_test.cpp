#include "exporters/report/data.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sample_set.h"

namespace benchd::report {
namespace {

TEST(Json, HasTheDocumentedShape) {
  const auto json = nlohmann::ordered_json::parse(as_json(sample_set()));
  EXPECT_EQ(json["experiment"], "python-builds");
  EXPECT_EQ(json["measure"], "task_time");
  EXPECT_EQ(json["threshold"], 0.03);
  EXPECT_EQ(json["baseline"], "official");
  EXPECT_EQ(json["looks"], 1);
  EXPECT_EQ(json["control"]["ratio"], 1.001);
  EXPECT_EQ(json["control"]["low"], 0.993);
  EXPECT_EQ(json["control"]["high"], 1.010);
  EXPECT_EQ(json["control"]["passes"], true);
  const auto& comparison = json["comparisons"][0];
  EXPECT_EQ(comparison["variant"], "pyenv");
  EXPECT_EQ(comparison["runs"], 100);
  EXPECT_EQ(comparison["blocks"], 100);
  EXPECT_EQ(comparison["blocked"], true);
  EXPECT_EQ(comparison["ratio"], 1.304);
  EXPECT_EQ(comparison["low"], 1.291);
  EXPECT_EQ(comparison["high"], 1.318);
  EXPECT_EQ(comparison["mean_ratio"], 1.304);
  EXPECT_EQ(comparison["verdict"], "slower");
  EXPECT_EQ(comparison["excluded"], nlohmann::ordered_json::array());
  EXPECT_EQ(comparison["failed"], 0);
  EXPECT_EQ(comparison["values"], nlohmann::ordered_json::parse("[0.1609, null]"));
  EXPECT_EQ(json["comparisons"][3]["runs_needed"], nullptr);
}

TEST(Json, WhatIsInfiniteOrUnknownIsNull) {
  auto set = sample_set();
  set.control.reset();
  set.comparisons[0].ratio = {1.3, model::Bounds{1.2, std::numeric_limits<double>::infinity()}};
  set.comparisons[1] = sample_comparison("none", 1, {}, std::nullopt);
  set.comparisons[1].doubt = model::Doubt::NoRatio;
  const auto json = nlohmann::json::parse(as_json(set));
  EXPECT_EQ(json["control"], nullptr);
  EXPECT_EQ(json["comparisons"][0]["high"], nullptr);
  EXPECT_EQ(json["comparisons"][0]["low"], 1.2);
  EXPECT_EQ(json["comparisons"][1]["ratio"], nullptr);
  EXPECT_EQ(json["comparisons"][1]["verdict"], nullptr);
  EXPECT_EQ(json["comparisons"][1]["doubt"], "no_ratio");
}

TEST(Json, NamesAreMadeUtf8) {
  auto set = sample_set();
  set.comparisons[0].variant.name = "a\xff\n";
  EXPECT_EQ(nlohmann::json::parse(as_json(set))["comparisons"][0]["variant"], "a\uFFFD\n");
}

TEST(Csv, QuotesNamesAndLeavesOutWhatIsUnknown) {
  auto set = sample_set();
  set.comparisons.resize(2);
  set.comparisons[0].variant.name = "a,\"b\"";
  set.comparisons[0].spread.reset();
  set.comparisons[1].ratio = {0.9, std::nullopt};
  set.comparisons[1].mean_ratio = {};
  set.comparisons[1].verdict = model::Verdict::Inconclusive;
  set.comparisons[1].doubt = model::Doubt::TooFewRuns;
  EXPECT_EQ(as_csv(set),
            "variant,baseline,measure,runs,blocks,failed,excluded,median,ratio,low,high,mean_ratio,mean_low,mean_high,"
            "spread,verdict,doubt,runs_needed\n"
            "\"a,\"\"b\"\"\",official,task_time,100,100,0,0,0.1609,1.304,1.291,1.318,1.304,1.291,1.318,,slower,,\n"
            "pyenv-opt,official,task_time,100,100,0,0,0.121,0.9,,,,,,1,inconclusive,too_few_runs,\n");
}

}  // namespace
}  // namespace benchd::report
