#include "daemon/campaign/progress.h"

#include <gtest/gtest.h>

namespace benchd::campaign {
namespace {

class ProgressOfTwo : public testing::Test {
 protected:
  ProgressOfTwo() {
    for (uint64_t order = 0; order < 8; ++order)
      plan_.push_back({.order = order, .variant = static_cast<uint32_t>(order % 2), .block = order / 2});
  }
  Progress make(bool terminal, size_t width = 0) {
    return {plan_,
            names_,
            {.terminal = terminal,
             .width = width,
             .clock = [this] { return now_; },
             .write = [this](const std::string& text) { written_ += text; }}};
  }
  void run(Progress& progress, size_t start, int64_t seconds, bool failed = false) {
    progress.begins(plan_[start]);
    now_ += seconds * base::kSecond;
    progress.ends(plan_[start], failed);
  }

  std::vector<Start> plan_;
  std::vector<std::string> names_ = {"slow", "fast"};
  base::Instant now_ = 1'000'000 * base::kSecond;
  std::string written_;
};

TEST_F(ProgressOfTwo, ATerminalSeesOneLineThatChangesWithTheTimeLeft) {
  Progress progress = make(true);
  run(progress, 0, 30);
  EXPECT_EQ(written_, "\r\033[Kblock 1/4 · run 1/8 · slow") << "no time left before each has run once";
  run(progress, 1, 10);
  written_.clear();
  run(progress, 2, 30);
  EXPECT_EQ(written_, "\r\033[Kblock 2/4 · run 3/8, 2 min 0 s left · slow");
  written_.clear();
  progress.clear();
  progress.clear();
  EXPECT_EQ(written_, "\r\033[K");
}

TEST_F(ProgressOfTwo, APipeGetsALineNowAndThenAtTheEndOfABlock) {
  Progress progress = make(false);
  run(progress, 0, 3);
  run(progress, 1, 3);
  EXPECT_EQ(written_, "") << "6 s since the start";
  run(progress, 2, 3, true);
  run(progress, 3, 3);
  EXPECT_EQ(written_, "block 2/4 · run 5/8 · 1 failed, 12 s left\n");
}

TEST_F(ProgressOfTwo, WhatAnEarlierProcessDidCountsAsDone) {
  Progress progress = make(true);
  for (int i = 0; i < 6; ++i) progress.skip();
  run(progress, 6, 1);
  EXPECT_EQ(written_, "\r\033[Kblock 4/4 · run 7/8 · slow");
}

TEST_F(ProgressOfTwo, ATerminalIsNotWrittenToAtEachOfManyShortRuns) {
  Progress progress = make(true);
  for (size_t i = 0; i < 8; ++i) run(progress, i, 0);
  EXPECT_EQ(written_, "\r\033[Kblock 1/4 · run 1/8 · slow");
}

TEST(RoughTime, IsNeverTooShort) {
  EXPECT_EQ(rough_time(1), "1 s");
  EXPECT_EQ(rough_time(59 * base::kSecond), "59 s");
  EXPECT_EQ(rough_time(125 * base::kSecond), "2 min 5 s");
  EXPECT_EQ(rough_time(3780 * base::kSecond), "1 h 3 min");
}

}  // namespace
}  // namespace benchd::campaign
