#include "base/capabilities.h"

#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

namespace benchd::base {
namespace {

/// One of the capability sets of this thread (proc_pid_status(5)).
uint64_t capabilities(const std::string& set) {
  const auto text = read_text("/proc/thread-self/status");
  std::string_view rest = text.ok() ? *text : std::string_view();
  while (!rest.empty()) {
    std::string_view line = cut(rest, '\n');
    if (cut(line, ':') == set) return parse_integer(trim(line), 16).value_or(UINT64_MAX);
  }
  return UINT64_MAX;
}

constexpr uint64_t bit(int capability) {
  return uint64_t{1} << capability;
}

/// In a process of its own: what is given up does not come back.
int in_child(int (*body)()) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(DropCapabilities, TheseAreGoneFromEverySetAndFromLaterThreadsTheOthersStay) {
  if ((capabilities("CapEff") & bit(CAP_BPF)) == 0 || (capabilities("CapEff") & bit(CAP_SETPCAP)) == 0)
    GTEST_SKIP() << "needs CAP_BPF, to give it up, and CAP_SETPCAP";
  EXPECT_EQ(in_child([] {
              const uint64_t before = capabilities("CapEff");
              if (!drop_capabilities({CAP_BPF, CAP_PERFMON}).ok()) return 1;
              const uint64_t gone = bit(CAP_BPF) | bit(CAP_PERFMON);
              bool all_gone = true;
              const auto look = [&] {
                for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"})
                  all_gone = all_gone && (capabilities(set) & gone) == 0;
              };
              look();
              std::thread(look).join();
              if (!all_gone) return 2;
              return capabilities("CapEff") == (before & ~gone) ? 0 : 3;
            }),
            0);
}

TEST(DropCapabilities, WhatWasNotThereIsNoError) {
  EXPECT_EQ(in_child([] {
              if (!drop_capabilities({CAP_BPF, CAP_SETPCAP}).ok()) return 1;
              return drop_capabilities({CAP_BPF, CAP_PERFMON}).ok() ? 0 : 2;
            }),
            0);
}

}  // namespace
}  // namespace benchd::base
