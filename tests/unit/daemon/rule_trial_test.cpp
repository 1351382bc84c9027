#include "daemon/rule_trial.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "collectors/tasks/rules/rule_file.h"

namespace benchd::daemon {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

/// A file that is nowhere but in memory.
base::Fd file_with(const std::string& text) {
  base::Fd fd(::memfd_create("log", MFD_CLOEXEC));
  EXPECT_EQ(::write(fd.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  ::lseek(fd.get(), 0, SEEK_SET);
  return fd;
}

Trial trial_of(const std::string& yaml, const std::string& log, Wrapping wrapping = Wrapping::Found) {
  const auto rules = rules::parse_rules(yaml, "rules.yml");
  EXPECT_TRUE(rules.ok()) << rules.error().message();
  auto set = rules::RuleSet::compile(*rules);
  EXPECT_TRUE(set.ok()) << set.error().message();
  auto trial = try_rules(file_with(log).get(), wrapping, *set);
  EXPECT_TRUE(trial.ok());
  return *std::move(trial);
}

TEST(RuleTrial, CountsLinesAndTasks) {
  const Trial trial =
      trial_of("- {name: a, match: 'task {id} done in {duration:ms}'}\n- {name: b, match: 'read {count} rows'}",
               "task 1 done in 1.5 ms\r\nnothing\nread 1.5 rows\ntask 2 done in 2,5\n\ntask 3 done in 3");
  EXPECT_EQ(trial.lines, 6U);
  EXPECT_EQ(trial.counts.matched, 3U);
  EXPECT_EQ(trial.counts.unmatched, 2U);
  EXPECT_EQ(trial.counts.malformed, 1U);
  EXPECT_EQ(trial.counts.bytes, 81U);
  ASSERT_THAT(trial.tasks, SizeIs(1));
  EXPECT_EQ(trial.tasks[0].key, (model::TaskKey{"a", "ok"}));
  EXPECT_EQ(trial.tasks[0].totals.tasks, 3U);
  EXPECT_EQ(trial.tasks[0].totals.duration_ns, 7'000'000U);
  EXPECT_THAT(trial.unmatched, ElementsAre("nothing", ""));
  EXPECT_THAT(trial.malformed, ElementsAre("read 1.5 rows: count \"1.5\""));
}

TEST(RuleTrial, PairsWhatStartsAndEnds) {
  const Trial trial =
      trial_of("- {name: a, start: {match: 'begin {id}'}, end: {match: 'end {id}'}}",
               "2025-01-01 00:00:00 begin 1\n2025-01-01 00:00:01 begin 2\n2025-01-01 00:00:02.5 end 1\n");
  EXPECT_EQ(trial.counts.matched, 3U);
  EXPECT_EQ(trial.counts.unpaired, 1U);
  ASSERT_THAT(trial.tasks, SizeIs(1));
  EXPECT_EQ(trial.tasks[0].totals.duration_ns, 2'500'000'000U);
}

TEST(RuleTrial, ALineOfAnyLengthIsItsHead) {
  const std::string long_line = "task 1 done " + std::string(100 << 20, 'x');
  const Trial trial = trial_of("- {name: a, match: 'task {id} done'}", long_line + "\ntask 2 done\n" + long_line);
  EXPECT_EQ(trial.lines, 3U);
  EXPECT_EQ(trial.counts.matched, 3U);
  EXPECT_EQ(trial.counts.truncated, 2U);
}

TEST(RuleTrial, UnwrapsJsonFileAndRejoinsItsPieces) {
  const std::string log = R"({"log":"task 1 ","stream":"stdout","time":"2025-01-01T00:00:00Z"})"
                          "\n"
                          R"({"log":"task 9 done\n","stream":"stderr","time":"2025-01-01T00:00:00Z"})"
                          "\n"
                          R"({"log":"done in 5 ms\n","stream":"stdout","time":"2025-01-01T00:00:00Z"})"
                          "\n{garbage\n";
  const Trial trial = trial_of("- {name: a, match: 'task {id} done in {duration:ms}'}", log);
  EXPECT_EQ(trial.lines, 3U);
  EXPECT_EQ(trial.counts.matched, 1U);
  EXPECT_EQ(trial.counts.unmatched, 1U);
  EXPECT_EQ(trial.counts.malformed, 1U);
  EXPECT_EQ(trial_of("- {name: a, match: done in}", log, Wrapping::None).lines, 4U);
}

TEST(RuleTrial, UnwrapsCri) {
  const Trial trial = trial_of("- {name: a, match: 'task {id} done'}",
                               "2025-01-01T00:00:00.1Z stdout P task 1 \n2025-01-01T00:00:00.2Z stdout F done\n");
  EXPECT_EQ(trial.lines, 1U);
  EXPECT_EQ(trial.counts.matched, 1U);
}

TEST(RuleTrial, WhatItPrintsCannotCommandTheTerminal) {
  const Trial trial = trial_of("- {name: a, match: done}", "\x1B]0;owned\x07 line\n\xFF\n");
  EXPECT_THAT(trial.unmatched, ElementsAre("]0;owned line", "\uFFFD"));
}

}  // namespace
}  // namespace benchd::daemon
