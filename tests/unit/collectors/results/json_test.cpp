#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/results/results.h"
#include "parsed.h"

namespace benchd::results {
namespace {

using model::Measure;
using testing::ElementsAre;
using testing::HasSubstr;

Results good(std::string_view text) {
  return good_in("f.json", text);
}

std::string refused(std::string_view text) {
  return refused_in("f.json", text);
}

TEST(Hyperfine, CommandsAreVariantsAndTimesTheirRuns) {
  const auto results = good(R"({"results": [
    {"command": "sleep 1", "mean": 1.0, "times": [1.001, 1.002], "exit_codes": [0, 3], "memory_usage_byte": [5, 6]},
    {"command": "sleep 2", "mean": 2.0, "times": [2.001], "exit_codes": [null], "memory_usage_byte": [7]}]})");
  EXPECT_THAT(results.variants, ElementsAre("sleep 1", "sleep 2"));
  EXPECT_THAT(results.measures, ElementsAre(Measure::Duration, Measure::MemoryPeak));
  ASSERT_EQ(results.runs.size(), 3);
  EXPECT_EQ(results.runs[0].values[Measure::Duration], 1.001);
  EXPECT_EQ(results.runs[0].values[Measure::MemoryPeak], 5);
  EXPECT_FALSE(results.runs[0].failed);
  EXPECT_TRUE(results.runs[1].failed);
  EXPECT_TRUE(results.runs[2].failed) << "killed by a signal";
  EXPECT_EQ(results.runs[2].variant, 1);
}

TEST(Hyperfine, AsItsVersion115WritesIt) {
  const auto results = read({BENCHD_FIXTURES "/results/hyperfine-1.15.json"});
  ASSERT_TRUE(results.ok()) << results.error().message();
  EXPECT_THAT(results->variants, ElementsAre("true", "false"));
  ASSERT_EQ(results->runs.size(), 10);
  EXPECT_FALSE(results->runs[0].failed);
  EXPECT_EQ(results->runs[0].values[Measure::Duration], 0.005084585);
  EXPECT_TRUE(results->runs[9].failed) << "its exit code was 1";
}

TEST(Hyperfine, Schema2OfVersion2) {
  const auto results = good(R"({"schema_version": 2, "results": [
    {"command": "sleep 1", "name": "one", "measurements": [
      {"time_wall_clock": {"value": 1.5, "unit": "second"}, "time_cpu": {"value": 0.25, "unit": "second"},
       "memory_peak_resident": {"value": 4096, "unit": "byte"}, "exit_code": 1}]}]})");
  EXPECT_THAT(results.variants, ElementsAre("one"));
  EXPECT_THAT(results.measures, ElementsAre(Measure::Duration, Measure::CpuSeconds, Measure::MemoryPeak));
  ASSERT_EQ(results.runs.size(), 1);
  EXPECT_EQ(results.runs[0].values[Measure::CpuSeconds], 0.25);
  EXPECT_TRUE(results.runs[0].failed);
}

TEST(Hyperfine, TheSameCommandTwiceIsTwoVariants) {
  EXPECT_THAT(good(R"({"results": [{"command": "true", "times": [1]}, {"command": "true", "times": [1]}]})").variants,
              ElementsAre("true", "true #2"));
}

TEST(Hyperfine, ErrorsNameFileLineAndPlace) {
  EXPECT_THAT(refused("{\"results\": [\n{\"command\": \"x\",\n \"times\": [\n1,\n-2\n]}]}"),
              HasSubstr("f.json:5: /results/0/times/1: found -2: a measure is not negative"));
  EXPECT_THAT(refused("{\"results\": [\n{\"command\": \"x\",\n \"times\": [1, \"2\"]}]}"),
              HasSubstr("f.json:3: /results/0/times/1: found string, expected a number"));
  EXPECT_THAT(refused("{\n\"results\": [\n {\"times\": [1]}]}"),
              HasSubstr("f.json:3: /results/0: there is no \"command\""));
  EXPECT_THAT(refused("{\"results\": [{\"command\": \"x\"}]}"), HasSubstr("there is no list \"times\""));
  EXPECT_THAT(refused("{\"results\": [{\"command\": \"x\", \"times\": [1, 2], \"exit_codes\": [0]}]}"),
              HasSubstr("/results/0/exit_codes: expected a list as long as \"times\""));
  EXPECT_THAT(refused("{\"results\": []}"), HasSubstr("f.json:1: /results: expected a list"));
  EXPECT_THAT(refused("{\"results\": [{\"command\": \"x\", \"times\": []}]}"), HasSubstr("there are no runs"));
  EXPECT_THAT(refused("{\"results\": [\n{\"command\": \"x\", \"measurements\": [\n{\"exit_code\": 0}]}]}"),
              HasSubstr("f.json:3: /results/0/measurements/0: there is no \"time_wall_clock\""));
}

TEST(Pyperf, AProcessIsARunAndItsMeanTheValue) {
  const auto results = good(R"({"version": "1.0", "metadata": {"unit": "second", "name": "telco"}, "benchmarks": [
    {"runs": [{"metadata": {"calibrate_loops": 8}, "warmups": [[1, 0.5]]},
              {"values": [0.25, 0.75], "warmups": [[8, 9.0]]}, {"values": [2.0]}]}]})");
  EXPECT_THAT(results.variants, ElementsAre("telco"));
  EXPECT_THAT(results.measures, ElementsAre(Measure::TaskTime));
  ASSERT_EQ(results.runs.size(), 2);
  EXPECT_EQ(results.runs[0].values[Measure::TaskTime], 0.5);
  EXPECT_EQ(results.runs[1].values[Measure::TaskTime], 2);
}

TEST(Pyperf, ABenchmarksOwnMetadataGoBeforeTheFiles) {
  const auto results = good(R"({"metadata": {"unit": "byte"}, "benchmarks": [
    {"metadata": {"name": "a"}, "runs": [{"values": [1]}]}, {"metadata": {"name": "b"}, "runs": [{"values": [2]}]}]})");
  EXPECT_THAT(results.variants, ElementsAre("a", "b"));
  EXPECT_THAT(results.measures, ElementsAre(Measure::MemoryPeak));
}

TEST(Pyperf, ErrorsNameFileLineAndPlace) {
  EXPECT_THAT(refused("{\"benchmarks\": [\n{\"runs\": [\n{\"values\": [1.5,\nnull]}]}]}"),
              HasSubstr("f.json:4: /benchmarks/0/runs/0/values/1: found null, expected a number"));
  EXPECT_THAT(refused("{\"benchmarks\": [{}]}"), HasSubstr("/benchmarks/0: there is no list \"runs\""));
  EXPECT_THAT(refused("{\"benchmarks\": [{\"metadata\": {\"unit\": \"furlong\"}, \"runs\": []}]}"),
              HasSubstr("found unit \"furlong\", allowed is second, byte or integer"));
  EXPECT_THAT(refused("{\"benchmarks\": [{\"runs\": [{\"warmups\": []}]}]}"),
              HasSubstr("there are no runs with values"));
  EXPECT_THAT(refused("{\"benchmarks\": [{\"runs\": []}, {\"runs\": []}]}"), HasSubstr("is there twice"));
  EXPECT_THAT(refused("{\"benchmarks\": [{\"runs\": [{\"values\": [1e308, 1e308]}]}]}"),
              HasSubstr("beyond all numbers"));
}

TEST(Json, OfNeitherToolIsRefusedWithItsLine) {
  EXPECT_THAT(refused("{\"a\":\n\n[1,}"), HasSubstr("f.json:3: this is not valid JSON"));
  EXPECT_THAT(refused("{\"results\": [1e999]}"), HasSubstr("f.json: this is not valid JSON"));
  EXPECT_THAT(refused("{}"), HasSubstr("f.json:1: expected hyperfine's JSON (\"results\") or pyperf's"));
  EXPECT_THAT(refused("[1]"), HasSubstr("f.json:1: expected hyperfine's JSON"));
  EXPECT_THAT(refused(""), HasSubstr("f.json: the file is empty"));
}

}  // namespace
}  // namespace benchd::results
