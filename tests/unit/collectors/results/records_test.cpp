#include "collectors/results/records.h"

#include <sstream>

#include <gmock/gmock.h>

#include "collectors/results/definition.h"
#include "exporters/report/runs.h"
#include "support/sample_run.h"

namespace benchd::results {
namespace {

using model::Campaign;
using model::RunRecord;
using test::sample_run;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

struct Read {
  std::vector<Campaign> campaigns;
  std::vector<RunRecord> runs;
  std::string error;
};

Read read(const std::string& text) {
  Read all;
  std::istringstream in(text);
  const auto done = read_records(in, "in.csv",
                                 {.campaign = [&](Campaign campaign) -> base::Result<base::Done> {
                                    all.campaigns.push_back(std::move(campaign));
                                    return base::Done{};
                                  },
                                  .run = [&](RunRecord run) -> base::Result<base::Done> {
                                    all.runs.push_back(std::move(run));
                                    return base::Done{};
                                  }});
  if (!done.ok()) all.error = done.error().message();
  return all;
}

RunRecord bare_run() {
  RunRecord run;
  run.id = "boot/1/1";
  run.experiment = "builds";
  run.variant = "official";
  return run;
}

Campaign sample_campaign() {
  return {.id = "c1",
          .experiment = "builds",
          .definition = R"({"measure":"duration"})",
          .hash = "ab12",
          .host = "bench1",
          .seed = UINT64_MAX,
          .planned_blocks = 100,
          .started_at = -1,
          .finished_at = 7,
          .looks = 3};
}

TEST(RecordsTest, WhatJsonLinesExportedIsReadBackAsItWas) {
  const Read back =
      read(report::campaign_line(sample_campaign()) + report::run_line(sample_run()) + report::run_line(bare_run()));
  EXPECT_EQ(back.error, "");
  EXPECT_THAT(back.campaigns, ElementsAre(sample_campaign()));
  EXPECT_THAT(back.runs, ElementsAre(sample_run(), bare_run()));
}

TEST(RecordsTest, WhatCsvExportedIsReadBackAsItWas) {
  const Read back = read(report::run_csv_head() + report::run_csv(sample_run()) + report::run_csv(bare_run()));
  EXPECT_EQ(back.error, "");
  EXPECT_THAT(back.runs, ElementsAre(sample_run(), bare_run()));
}

TEST(RecordsTest, ColumnsMayBeFewAndInAnyOrder) {
  RunRecord expected = bare_run();
  expected.duration_ns = 5;
  EXPECT_THAT(read("variant,duration_ns,id,experiment\r\nofficial,5,boot/1/1,builds\r\n").runs, ElementsAre(expected));
}

TEST(RecordsTest, AnErrorNamesTheLineInWhichItsRowBegins) {
  const std::string head = "id,experiment,variant,duration_ns\n";
  EXPECT_THAT(read(head + "1,e,\"a\nb\",5\n\n2,e,v,-5\n").error, StartsWith("in.csv:5: duration_ns: found -5"));
  EXPECT_THAT(read(head + "1,e,v,nan\n").error, StartsWith("in.csv:2: duration_ns: found \"nan\""));
  EXPECT_THAT(read(head + "1,e,v\n").error, StartsWith("in.csv:2: found 3 cells, expected 4"));
  EXPECT_THAT(read(head + ",e,v,1\n").error, StartsWith("in.csv:2: id is missing"));
  EXPECT_THAT(read(head + "1,e,\"v,1\n").error, StartsWith("in.csv:2: the file ends within quotes"));
  EXPECT_THAT(read("id,experiment\n").error, StartsWith("in.csv:1: there is no column \"variant\""));
  EXPECT_THAT(read("id,experiment,variant,colour\n").error, StartsWith("in.csv:1: unknown column \"colour\", allowed"));
  EXPECT_THAT(read("id,experiment,variant,id\n").error, StartsWith("in.csv:1: column \"id\" is there twice"));
  EXPECT_THAT(read("").error, HasSubstr("empty"));
}

TEST(RecordsTest, AnErrorInJsonNamesTheLineAndTheMember) {
  const std::string good = report::run_line(bare_run());
  EXPECT_THAT(read(good + "{\"run\": {\n").error, StartsWith("in.csv:2: no JSON object on a line"));
  EXPECT_THAT(read(good + "{\"walk\":{}}").error, StartsWith("in.csv:2: expected {\"run\""));
  const auto with = [](const std::string& member) {
    return read(R"({"run":{"id":"1","experiment":"e","variant":"v",)" + member + "}}").error;
  };
  EXPECT_EQ(with(R"("cpus":8)"), "");
  EXPECT_THAT(with(R"("cpus":-1)"), HasSubstr("in.csv:1: cpus: found -1, expected a whole number"));
  EXPECT_THAT(with(R"("cpus":4294967296)"), HasSubstr("cpus"));
  EXPECT_THAT(with(R"("exit_code":9223372036854775808)"), HasSubstr("exit_code"));
  EXPECT_THAT(with(R"("cpu_usec":1.5)"), HasSubstr("cpu_usec"));
  EXPECT_THAT(with(R"("cpu_limit":-0.5)"), HasSubstr("cpu_limit"));
  EXPECT_THAT(with(R"("colour":1)"), HasSubstr("unknown member \"colour\""));
  EXPECT_THAT(with(R"("incomplete":["a\nb"])"), HasSubstr("incomplete"));
  EXPECT_THAT(with(R"("cpu_ns":[[1,1],[0,1]])"), HasSubstr("ascending"));
  EXPECT_EQ(with(R"("services":[["db",null,5]])"), "");
  EXPECT_THAT(with(R"("services":[["a:b",1,null]])"), HasSubstr("without a colon"));
  EXPECT_THAT(with(R"("services":[["db",1]])"), HasSubstr("services"));
  EXPECT_THAT(with(R"("threads":{"on_cpu_ns":1})"), HasSubstr("threads: runnable_ns is missing"));
  EXPECT_THAT(with(R"("tasks":[{"task":"a","outcome":"ok","tasks":1,"durations":[[99999,1]]}])"),
              HasSubstr("no bucket 99999"));
  EXPECT_THAT(with(R"("tasks":[{"task":"a","outcome":"ok","tasks":1},{"task":"a","outcome":"ok","tasks":2}])"),
              HasSubstr("twice"));
}

TEST(RecordsTest, ACampaignWhoseDefinitionIsNoJsonIsRefused) {
  Campaign campaign = sample_campaign();
  campaign.definition = "measure: duration";
  EXPECT_THAT(read(report::campaign_line(campaign)).error, HasSubstr("in.csv:1: definition"));
}

TEST(RecordsTest, WhatTakesThemMayRefuseARun) {
  std::istringstream in(report::run_line(bare_run()));
  const auto done = read_records(in, "in.json", {.campaign = {}, .run = [](RunRecord) -> base::Result<base::Done> {
                                                   return base::Error{.attempt = "is there already"};
                                                 }});
  EXPECT_EQ(done.error().message(), "in.json:1: is there already");
}

TEST(DefinitionTest, SaysWhatTheExperimentFixed) {
  const auto fixed = parse_definition(
      R"({"experiment":"builds","measure":{"task_time":"render"},"threshold":0.05,"confidence":"99%","control":true,
          "baseline":"b","variants":{"a":{},"b":{}},"runs":20})");
  ASSERT_TRUE(fixed.ok()) << fixed.error().message();
  const model::Experiment* experiment = &fixed->whole;
  EXPECT_EQ(experiment->name, "builds");
  EXPECT_EQ(experiment->measure, model::Measure::TaskTime);
  EXPECT_EQ(experiment->task_rule, "render");
  EXPECT_EQ(experiment->threshold, 0.05);
  EXPECT_EQ(experiment->confidence, 0.99);
  EXPECT_TRUE(experiment->control);
  EXPECT_THAT(experiment->variants, ElementsAre("a", "b"));
  EXPECT_EQ(experiment->baseline, 1U);
  EXPECT_THAT(parse_definition(R"({"variants":["z",{"name":"a"}]})")->whole.variants, ElementsAre("z", "a"));
}

TEST(DefinitionTest, CellsOfAMatrixAreOfItsVariants) {
  const auto fixed = parse_definition(
      R"({"baseline":"b","variants":{"a":{},"b":{},"a -O":{},"b -O":{}},
          "cells":[{"name":"","baseline":"b","variants":["a","b"]},
                   {"name":"-O","baseline":"b -O","variants":["a -O","b -O"]}]})");
  ASSERT_TRUE(fixed.ok()) << fixed.error().message();
  EXPECT_THAT(fixed->cells, ElementsAre(model::Cell{"", {0, 1}, 1}, model::Cell{"-O", {2, 3}, 3}));
}

TEST(DefinitionTest, WhatItCannotMeanIsRefused) {
  for (const char* text :
       {"[]", "{", "{}", R"({"variants":{}})", R"({"variants":["a"],"baseline":"b"})",
        R"({"variants":["a"],"measure":"beauty"})", R"({"variants":["a"],"measure":{"p50_task_time":3}})",
        R"({"variants":["a"],"threshold":0})", R"({"variants":["a"],"threshold":"x"})",
        R"({"variants":["a"],"confidence":1})", R"({"variants":[3]})", R"({"variants":["a"],"cells":{}})",
        R"({"variants":["a"],"cells":[3]})", R"({"variants":["a"],"cells":[{"name":"","baseline":"a"}]})",
        R"({"variants":["a"],"cells":[{"name":"","baseline":"b","variants":["a"]}]})",
        R"({"variants":["a","b"],"cells":[{"name":"","baseline":"b","variants":["a"]}]})",
        R"({"variants":["a"],"cells":[{"name":"","baseline":"a","variants":["a",7]}]})"})
    EXPECT_FALSE(parse_definition(text).ok()) << text;
}

}  // namespace
}  // namespace benchd::results
