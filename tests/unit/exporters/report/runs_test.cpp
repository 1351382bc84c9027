#include "exporters/report/runs.h"

#include <gmock/gmock.h>

#include "support/sample_run.h"

namespace benchd::report {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(RunsTest, TheTextFileHasAGaugeForEachFigureThatIsKnown) {
  model::RunRecord bare;
  bare.id = "bare";
  bare.experiment = "builds";
  bare.variant = "official";
  const std::string text = runs_textfile({bare, test::sample_run()});
  EXPECT_THAT(text, HasSubstr("# TYPE benchd_run_duration_seconds gauge\n"
                              "benchd_run_duration_seconds{experiment=\"builds\",variant=\"official\",campaign=\"\","
                              "run=\"bare\"} 0.0\n"));
  EXPECT_THAT(text, HasSubstr("benchd_run_duration_seconds{experiment=\"python-builds\","
                              "variant=\"pyenv, \\\"opt\\\"\\nand more\",campaign=\"20260102T030405-1a2b3c\","
                              "run=\"20260102T030405-1a2b3c/7/2\"} 61.728394501\n"));
  EXPECT_THAT(text, Not(HasSubstr("benchd_run_memory_peak_bytes{experiment=\"builds\"")));
  EXPECT_THAT(text, HasSubstr("task=\"render\",outcome=\"ok\"} 500.0\n"));
}

TEST(RunsTest, JsonIsUtf8WhateverANameIs) {
  model::RunRecord run;
  run.variant = "a\xff";
  EXPECT_THAT(run_json(run), HasSubstr("\"variant\":\"a\uFFFD\""));
}

}  // namespace
}  // namespace benchd::report
