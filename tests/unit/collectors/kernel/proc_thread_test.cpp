#include "collectors/kernel/proc_thread.h"

#include <string>

#include <gtest/gtest.h>

namespace benchd::kernel {
namespace {

/// As /proc/TID/stat shows it: from the parent (field 4) to the exit signal (38), then the cpu and the rest.
std::string stat_of(const std::string& command, const std::string& start, const std::string& cpu) {
  return "4242 (" + command + ") S 1 4242 4242 0 -1 4194304 113 0 0 0 7 3 0 0 20 0 4 0 " + start +
         " 2703360 256 18446744073709551615 1 1 0 0 0 0 0 0 65536 0 0 0 17 " + cpu + " 0 0 0 0 0 0 0 0 0 0 0 0 0\n";
}

TEST(ParseSchedstat, ReadsTheTimesAndTheNumberOfStretches) {
  const auto did = parse_schedstat("123456789 42 7\n");
  ASSERT_TRUE(did);
  EXPECT_EQ(*did, (ThreadSchedstat{.on_cpu = 123456789, .runnable = 42, .stretches = 7}));
}

TEST(ParseSchedstat, WhatIsNoThreeNumbersIsNothing) {
  EXPECT_FALSE(parse_schedstat(""));
  EXPECT_FALSE(parse_schedstat("1 2\n"));
  EXPECT_FALSE(parse_schedstat("one 2 3\n"));
}

TEST(ParseThreadStat, ReadsStartAndLastCpu) {
  const auto thread = parse_thread_stat(stat_of("burner", "98765", "13"));
  ASSERT_TRUE(thread);
  EXPECT_EQ(thread->start, 98765u);
  EXPECT_EQ(thread->cpu, 13u);
}

TEST(ParseThreadStat, ACommandMayHoldParenthesesBlanksAndNewlines) {
  const auto thread = parse_thread_stat(stat_of("a) R 1 (b\n) x", "98765", "13"));
  ASSERT_TRUE(thread);
  EXPECT_EQ(thread->start, 98765u);
  EXPECT_EQ(thread->cpu, 13u);
}

TEST(ParseThreadStat, ATextThatEndsTooSoonOrHoldsNoNumbersIsNothing) {
  const std::string whole = stat_of("burner", "98765", "13");
  EXPECT_FALSE(parse_thread_stat(""));
  EXPECT_FALSE(parse_thread_stat(whole.substr(0, whole.find(" 13 "))));
  EXPECT_FALSE(parse_thread_stat(stat_of("burner", "-", "13")));
  EXPECT_FALSE(parse_thread_stat(stat_of("burner", "98765", "-1")));
}

}  // namespace
}  // namespace benchd::kernel
