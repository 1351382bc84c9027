#include "collectors/tasks/rules/presets.h"

#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/tasks/rules/rule_set.h"
#include "recorder.h"

namespace benchd::rules {
namespace {

using testing::Eq;
using testing::Optional;

constexpr int64_t kMs = 1'000'000;
constexpr int64_t kS = 1'000'000'000;

/// What a preset's example is known to say.
struct Known {
  const char* preset;
  size_t example;
  const char* kind;
  const char* outcome;
  std::optional<int64_t> duration;
  std::optional<int64_t> ended;  ///< seconds
};

void PrintTo(const Known& known, std::ostream* out) {
  *out << known.preset << " example " << known.example;
}

class PresetExample : public testing::TestWithParam<Known> {};

TEST_P(PresetExample, SaysWhatItsLineSays) {
  const Known& known = GetParam();
  const Rule* rule = preset_named(known.preset);
  ASSERT_NE(rule, nullptr);
  ASSERT_LT(known.example, rule->examples.size());
  auto set = RuleSet::compile(std::span(rule, 1));
  ASSERT_TRUE(set.ok()) << set.error().message();
  Recorder found;
  ASSERT_EQ(set->match({.text = rule->examples[known.example]}, found), LineResult::Matched);
  ASSERT_EQ(found.tasks.size(), 1U);
  EXPECT_EQ(found.tasks[0].kind, known.kind);
  EXPECT_EQ(found.tasks[0].outcome, known.outcome);
  EXPECT_EQ(found.tasks[0].report.duration, known.duration);
  if (known.ended) {
    EXPECT_THAT(found.tasks[0].report.ended, Optional(*known.ended));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Presets, PresetExample,
    testing::Values(Known{"nginx", 0, "", "ok", 640 * kMs, 1'289'247'378 * kS},
                    Known{"nginx", 1, "", "ok", std::nullopt, 1'289'247'378 * kS},
                    Known{"apache", 0, "", "ok", std::nullopt, 971'211'336 * kS},
                    Known{"apache", 1, "", "ok", std::nullopt, 971'211'336 * kS},
                    Known{"apache", 2, "", "ok", 15'321'000, 971'211'336 * kS + 15'321'000},
                    Known{"gunicorn", 0, "", "ok", std::nullopt, 1'709'637'451 * kS},
                    Known{"gunicorn", 1, "", "ok", 42'363'000, 1'709'637'451 * kS},
                    Known{"uvicorn", 0, "", "ok", std::nullopt, std::nullopt},
                    Known{"celery", 0, "tasks.add", "ok", 336'851, 1'554'392'746 * kS + 59 * kMs},
                    Known{"celery", 1, "tasks.add", "failed", std::nullopt, 1'604'425'476 * kS + 96 * kMs},
                    Known{"celery", 2, "h.tasks.indexer.add_annotation", "retried", std::nullopt, std::nullopt},
                    Known{"spark", 0, "", "ok", 446 * kMs, 1'507'629'209 * kS},
                    Known{"spark", 1, "", "failed", std::nullopt, std::nullopt},
                    Known{"elasticsearch", 0, "", "ok", 264 * kMs, std::nullopt},
                    Known{"elasticsearch", 1, "", "ok", 31 * kMs, std::nullopt},
                    Known{"slog", 0, "finished", "ok", kS, 1'667'939'306 * kS},
                    Known{"slog", 1, "finished", "ok", kS, 1'667'939'306 * kS},
                    Known{"python", 0, "", "ok", 4 * kMs, 1'740'764'099 * kS + 290 * kMs},
                    Known{"python", 1, "", "ok", 603 * kMs, std::nullopt}));

TEST(Presets, AllCompileAndMatchTheirExamples) {
  for (const Preset& preset : presets()) {
    const auto set = RuleSet::compile(std::span(&preset.rule, 1));
    EXPECT_TRUE(set.ok()) << preset.rule.name << ": " << set.error().message();
    EXPECT_FALSE(preset.rule.examples.empty()) << preset.rule.name;
  }
}

LineResult by_preset(const char* name, const char* line, Recorder& found) {
  auto set = RuleSet::compile(std::span(preset_named(name), 1));
  return set->match({.text = line}, found);
}

TEST(Presets, OtherOutcomesAndFormatsOfTheSameLogs) {
  Recorder found;
  by_preset("nginx",
            R"(1.2.3.4 - bob [24/Oct/2024:10:15:00 +0000] "GET / HTTP/1.1" 502 0 "-" "a \" b" rt=1.250 uct="-")",
            found);
  by_preset("elasticsearch", "WARNING GET http://es:9200/x [status:N/A request:10.000s]", found);
  by_preset("slog", "time=2022-11-08T15:28:26Z level=ERROR msg=\"no answer\" elapsed=1.5ms", found);
  by_preset("apache", R"(::1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 304 - 0/250)", found);
  ASSERT_EQ(found.tasks.size(), 4U);
  EXPECT_EQ(found.tasks[0].outcome, "error");
  EXPECT_THAT(found.tasks[0].report.duration, Optional(1'250 * kMs));
  EXPECT_EQ(found.tasks[1].outcome, "error");
  EXPECT_EQ(found.tasks[2].kind, "no answer");
  EXPECT_EQ(found.tasks[2].outcome, "error");
  EXPECT_THAT(found.tasks[2].report.duration, Optional(1'500'000));
  EXPECT_THAT(found.tasks[3].report.duration, Optional(250'000));
}

TEST(Presets, LinesWithoutATaskAreNone) {
  Recorder found;
  EXPECT_EQ(by_preset("celery", "[2020-10-01 10:25:12,799: INFO/MainProcess] Received task: h.add[8197522d]", found),
            LineResult::Unmatched);
  EXPECT_EQ(
      by_preset("spark", "17/10/10 09:53:29 INFO Executor: Finished task 16.0 in stage 0.0 (TID 16). 996 bytes", found),
      LineResult::Unmatched);
  EXPECT_EQ(by_preset("python", "2025-02-28 17:34:59,290 - root - INFO - in 3 places", found), LineResult::Unmatched);
  EXPECT_EQ(by_preset("slog", "time=2022-11-08T15:28:26Z level=INFO msg=begun", found), LineResult::Unmatched);
}

}  // namespace
}  // namespace benchd::rules
