#include "exporters/report/table.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sample_set.h"

namespace benchd::report {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> result;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) result.push_back(line);
  return result;
}

TEST(Text, IsTheTableOfTheDesign) {
  EXPECT_THAT(
      as_text(sample_set(), {}),
      StartsWith(
          "python-builds · task_time · 100 runs each in 100 blocks · seed 20250101 · threshold ±3 % · 1 look\n"
          "              task time  ratio  95 % (5 together)  CPU/task  peak mem  spread  verdict\n"
          "official       123.4 ms      1  baseline                  1         1     1.0\n"
          "pyenv          160.9 ms  1.304  1.291 – 1.318          1.33      1.00     1.1  SLOWER by 29–32 %\n"
          "pyenv-opt      121.0 ms  0.981  0.972 – 0.990          0.98      1.00     1.0  EQUIVALENT (a small gain is "
          "real)\n"
          "pyenv-native   117.6 ms  0.953  0.944 – 0.962          0.97      1.00     0.9  FASTER by 4–6 %\n"
          "uv             119.9 ms  0.972  0.955 – 0.989          0.97      1.02     2.1  INCONCLUSIVE\n"
          "A/A official             1.001  0.993 – 1.010                                  host passes: it can resolve "
          "±3 "
          "%\n"
          "\nNotes\n"));
}

TEST(Text, WhereNoRunCountsThereIsNoNumber) {
  model::ComparisonSet set = sample_set();
  set.control = model::Control{};
  set.comparisons[0].ratio = {};
  EXPECT_THAT(as_text(set, {}), testing::Not(HasSubstr("nan")));
}

TEST(Text, HasColorOnlyWhereAsked) {
  EXPECT_THAT(as_text(sample_set(), {}), Not(HasSubstr("\x1b")));
  const std::string colored = as_text(sample_set(), {.color = true});
  EXPECT_THAT(colored, HasSubstr("\x1b[31mSLOWER by 29–32 %\x1b[0m"));
  EXPECT_THAT(colored, HasSubstr("\x1b[32mFASTER by 4–6 %\x1b[0m"));
}

TEST(Text, ANarrowTerminalLosesTheOptionalColumnsFirst) {
  const auto narrow = lines(as_text(sample_set(), {.width = 110}));
  EXPECT_THAT(narrow[1], HasSubstr("CPU/task"));
  EXPECT_THAT(narrow[1], Not(HasSubstr("spread")));
  const auto narrower = lines(as_text(sample_set(), {.width = 80}));
  EXPECT_THAT(narrower[1], Not(HasSubstr("CPU/task")));
  EXPECT_THAT(narrower[3], HasSubstr("SLOWER by 29–32 %"));
}

TEST(Text, LongNamesAreCutWhereTheyDoNotFit) {
  auto set = sample_set();
  set.comparisons[0].variant.name = std::string(300, 'x');
  const auto cut = lines(as_text(set, {.width = 120}));
  EXPECT_THAT(cut[3], StartsWith("xxxxxxx"));
  EXPECT_THAT(cut[3], HasSubstr("x…   160.9 ms"));
  EXPECT_THAT(lines(as_text(set, {}))[3], StartsWith(std::string(300, 'x') + "   160.9 ms"));
}

TEST(Text, NamesCannotCommandTheTerminal) {
  auto set = sample_set();
  set.comparisons[0].variant.name =
      "a\x1b[2Jb\nc\xc2\x9b"
      "d\xff";
  const std::string text = as_text(set, {});
  EXPECT_THAT(text, HasSubstr("a?[2Jb?c?d\xEF\xBF\xBD"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(Markdown, EscapesNames) {
  auto set = sample_set();
  set.comparisons[0].variant.name = "a|b `c`";
  const auto text = as_markdown(set);
  EXPECT_THAT(
      text, HasSubstr("| a\\|b \\`c\\` | 160.9 ms | 1.304 | 1.291 – 1.318 | 1.33 | 1.00 | 1.1 | SLOWER by 29–32 % |"));
}

TEST(Notes, SayWhatAVerdictRestsOn) {
  auto set = sample_set();
  set.baseline.excluded = {{3, "host busy", 0.2}};
  set.comparisons[3].variant.excluded = {{4, "host busy", std::nullopt}};
  set.comparisons[3].variant.modes = {{0.117, 0.71}, {0.127, 0.29}};
  set.comparisons[3].variant.modes_differ_by = "cpu 3";
  set.comparisons[0].variant.failed = 2;
  set.baseline.trimmed = model::TrimmedMean{10, {0.1233, model::Bounds{0.1228, 0.1238}}};
  for (model::Comparison& comparison : set.comparisons) comparison.with_excluded = comparison.verdict;
  set.drift = model::Drift{0.018, true};
  const auto text = as_text(set, {});
  EXPECT_THAT(text, HasSubstr("drift: +1.8 % from the first run to the last; blocks cancel it."));
  EXPECT_THAT(text, HasSubstr("pyenv: 2 of 100 runs failed; a failed run counts as the worst."));
  EXPECT_THAT(text, HasSubstr("uv: 2 modes (71 % at 117.0 ms, 29 % at 127.0 ms); what separates them: cpu 3."));
  EXPECT_THAT(text, HasSubstr("uv: surely faster, maybe by less than the threshold."));
  EXPECT_THAT(text, HasSubstr("uv: the effect sits on the threshold: more runs will not settle it."));
  EXPECT_THAT(text, HasSubstr("2 runs excluded: host busy (official 1, uv 1); verdicts are the same with them."));
  EXPECT_THAT(text, HasSubstr("ratio of means: pyenv 1.304 (1.291 – 1.318), pyenv-opt"));
  EXPECT_THAT(text, HasSubstr("drop 10 + 10, as many do: official 123.3 ± 0.5 ms"));
  set.comparisons[3].with_excluded = model::Verdict::Faster;
  EXPECT_THAT(as_text(set, {}), HasSubstr("; with them: uv faster."));
}

TEST(Notes, AreBrokenAtBlanksWhereTheTerminalEnds) {
  auto set = sample_set();
  set.comparisons.resize(1);
  EXPECT_THAT(as_text(set, {.width = 40}), HasSubstr("\nNotes\n"
                                                     "  ratio of means: pyenv 1.304 (1.291 –\n"
                                                     "      1.318)\n"));
}

TEST(Notes, SayThatRunsWereNotInterleaved) {
  auto set = sample_set();
  set.blocking = model::Blocking::None;
  EXPECT_THAT(as_text(set, {}), HasSubstr("Start them by turns, or judge with --accept-order."));
  set.order_accepted = true;
  EXPECT_THAT(as_text(set, {}), HasSubstr("judged all the same (--accept-order)"));
}

}  // namespace
}  // namespace benchd::report
