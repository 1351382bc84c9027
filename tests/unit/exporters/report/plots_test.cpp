#include "exporters/report/plots.h"

#include <algorithm>

#include <gmock/gmock.h>

#include "exporters/report/html.h"
#include "sample_set.h"

namespace benchd::report {
namespace {

using model::Measure;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// The sample's five variants in `blocks` blocks.
Evidence sample(size_t blocks = 10) {
  Evidence evidence{.set = sample_set(), .runs = {}, .records = {}};
  const size_t variants = evidence.set.experiment.variants.size();
  for (size_t i = 0; i < blocks * variants; ++i) {
    model::Run run;
    run.variant = static_cast<uint32_t>(i % variants);
    run.block = i / variants;
    run.values.set(Measure::TaskTime, 0.1 + 0.001 * static_cast<double>(i % 7));
    evidence.runs.push_back(run);
  }
  return evidence;
}

std::vector<std::string> names(const Evidence& evidence) {
  std::vector<std::string> found;
  for (const Plot& plot : plots(evidence)) found.push_back(plot.name);
  return found;
}

const Plot& named(const std::vector<Plot>& all, const std::string& name) {
  return *std::find_if(all.begin(), all.end(), [&](const Plot& it) { return it.name == name; });
}

size_t count(const std::string& text, std::string_view part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(Plots, AreThoseThatThereIsSomethingToDrawFor) {
  Evidence evidence = sample();
  EXPECT_THAT(names(evidence), ElementsAre("differences", "order", "distributions"));
  for (model::Run& run : evidence.runs) run.values.set(Measure::MemoryPeak, 1e6);
  model::RunRecord record;
  record.variant = "pyenv";
  record.duration_ns = 100;
  record.cpu_ns = {{0, 25}, {1, 75}};
  evidence.records = {record};
  EXPECT_THAT(names(evidence), ElementsAre("differences", "order", "distributions", "memory", "cpus"));
  evidence.records[0].cpu_ns = {{0, 25}};
  EXPECT_THAT(names(evidence), Not(testing::Contains("cpus"))) << "one cpu is no map";
}

TEST(Plots, TheDarknessOfACpuIsItsShareOfTheRunsTime) {
  Evidence evidence = sample();
  model::RunRecord record;
  record.variant = "pyenv";
  record.duration_ns = 100;
  record.cpu_ns = {{0, 25}, {1, 75}};
  evidence.records = {record};
  const auto all = plots(evidence);
  EXPECT_THAT(named(all, "cpus").svg,
              HasSubstr("fill-opacity=\"0.25\" class=\"heat\"><title>pyenv, run 1, cpu 0: 25 %"));
  EXPECT_THAT(named(all, "cpus").svg,
              HasSubstr("fill-opacity=\"0.75\" class=\"heat\"><title>pyenv, run 1, cpu 1: 75 %"));
}

TEST(Plots, FailedExcludedAndControlRunsLookDifferent) {
  Evidence evidence = sample();
  evidence.runs[1].failed = true;
  evidence.runs[1].values = {};
  evidence.runs[2].exclusion = "host busy";
  evidence.runs[5].control = true;
  const auto all = plots(evidence);
  const std::string& svg = named(all, "order").svg;
  EXPECT_THAT(svg, HasSubstr("<title>pyenv: failed, run 2, block 1</title></path>"));
  EXPECT_THAT(svg, HasSubstr("class=\"c2 excluded\"><title>pyenv-opt: 102.0 ms, run 3, block 1, excluded: host busy"));
  EXPECT_THAT(svg, HasSubstr("class=\"c0 control\"><title>official (A/A):"));
}

TEST(Plots, AMillionRunsAreThinnedOutAndThatIsSaid) {
  const Evidence evidence = sample(200'000);
  const auto all = plots(evidence);
  const Plot& order = named(all, "order");
  EXPECT_LE(count(order.svg, "<circle"), 4'010u);
  EXPECT_THAT(order.caption, HasSubstr("There are 1000000 runs: one in 250 is drawn."));
}

TEST(Plots, AnIntervalWithoutEndGoesToTheEdge) {
  Evidence evidence = sample();
  evidence.set.comparisons[0].ratio = {1.3, model::Bounds{0, std::numeric_limits<double>::infinity()}};
  evidence.set.comparisons[1].ratio = {};
  const auto all = plots(evidence);
  const std::string& svg = named(all, "differences").svg;
  EXPECT_THAT(svg, HasSubstr("<line x1=\"170.0\" y1=\"29.0\" x2=\"640.0\" y2=\"29.0\" class=\"bad mark\"/>"));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf\"")));
}

TEST(Plots, ValuesThatAreAllEqualHaveAPlace) {
  Evidence evidence = sample();
  for (model::Run& run : evidence.runs) run.values.set(Measure::TaskTime, 0);
  evidence.set.comparisons.resize(1);
  evidence.set.comparisons[0].variant.values = {0.0, 0.0};
  for (const Plot& plot : plots(evidence)) EXPECT_THAT(plot.svg, Not(HasSubstr("nan"))) << plot.name;
}

TEST(Plots, AFileHasItsStyle) {
  const auto all = plots(sample());
  const std::string file = as_file(all[0]);
  EXPECT_THAT(file, testing::StartsWith("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns="));
  EXPECT_THAT(file, HasSubstr("<style>"));
}

TEST(Html, NamesFromOutsideMeanNothing) {
  Evidence evidence = sample();
  const std::string name = "<script>alert(1)</script>&\"'\x1b[31m\xff";
  evidence.set.experiment.name = name;
  evidence.set.experiment.variants[1] = name;
  evidence.set.comparisons[0].variant.name = name;
  evidence.runs[1].exclusion = name;
  evidence.set.comparisons[0].variant.excluded = {{.run = 1, .cause = name, .value = 1.0}};
  const std::string html = as_html({&evidence, 1});
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, Not(HasSubstr("\x1b")));
  EXPECT_THAT(html, Not(HasSubstr("\xff")));
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;&#39;?[31m"));
}

TEST(Html, TellsWhyRunsFailedAndWereLeftOut) {
  Evidence evidence = sample();
  evidence.runs[1].failed = true;
  evidence.runs[2].exclusion = "host busy";
  evidence.records.resize(evidence.runs.size());
  evidence.records[1].failure = "exit code 3";
  const std::string html = as_html({&evidence, 1});
  EXPECT_THAT(html, HasSubstr("<td>2</td><td class=\"left\">pyenv</td><td>1</td><td class=\"left\">exit code 3</td>"));
  EXPECT_THAT(html,
              HasSubstr("<td>3</td><td class=\"left\">pyenv-opt</td><td>1</td><td class=\"left\">host busy</td>"));
}

TEST(Html, CellsOfAMatrixStandOneAfterTheOther) {
  std::vector<Evidence> cells = {sample(), sample()};
  cells[1].set.experiment.name = "python-builds -O";
  for (Evidence& cell : cells) cell.set.experiment.confidence = 0.975;
  const std::string html = as_html(cells);
  for (const char* text : {"<h1 id=\"verdicts\">python-builds</h1>", "<h1 id=\"verdicts-2\">python-builds -O</h1>",
                           "<a href=\"#verdicts-2\">python-builds -O</a>", "<figure id=\"differences\">",
                           "<figure id=\"differences-2\">", "download=\"python-builds -O-runs.csv\""})
    EXPECT_THAT(html, HasSubstr(text));
  EXPECT_THAT(html, HasSubstr("those of all cells, hold all true ratios at once in 95 %"));
  EXPECT_EQ(html.find("<h2>Methods</h2>"), html.rfind("<h2>Methods</h2>"));
}

TEST(Html, EachRunIsInTheDataToDownload) {
  Evidence evidence = sample(2);
  evidence.runs[3].exclusion = "100 % busy, \"really\"";
  const std::string html = as_html({&evidence, 1});
  EXPECT_THAT(html,
              HasSubstr("download=\"python-builds-runs.csv\" href=\"data:text/csv;charset=utf-8,run,variant,block,"));
  EXPECT_THAT(html, HasSubstr("%0A4,pyenv-native,1,0,0,%22100%20%25%20busy,%20%22%22really%22%22%22,,,0.103"));
  EXPECT_THAT(html, HasSubstr("%0A10,uv,2,0,0,,,,0.102"));
}

}  // namespace
}  // namespace benchd::report
