#include "daemon/campaign/spawn.h"

#include <cerrno>
#include <csignal>
#include <fstream>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "support/temporary_directory.h"

namespace benchd::campaign {
namespace {

/// What a command writes.
std::string output_of(const std::vector<std::string>& command, const std::map<std::string, std::string>& changes = {},
                      SpawnOptions options = {}) {
  int ends[2];
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  base::Fd read(ends[0]), written(ends[1]);
  const auto program = find_program(command, changes);
  if (!program.ok()) return program.error().message();
  options.output = written.get();
  auto child = spawn(*program, options);
  if (!child.ok()) return child.error().message();
  written.reset();
  base::ReadBuffer buffer;
  std::string text;
  char piece[256];
  for (ssize_t got = 0; (got = ::read(read.get(), piece, sizeof piece)) > 0;) text.append(piece, got);
  EXPECT_EQ(wait_for(*child).code, 0);
  return text;
}

TEST(Spawn, ArgumentsAndEnvironmentArrive) {
  EXPECT_EQ(output_of({"echo", "a  b", ""}), "a  b \n");
  ::setenv("BENCHD_TEST_KEPT", "kept", 1);
  ::setenv("BENCHD_TEST_CHANGED", "before", 1);
  EXPECT_EQ(output_of({"sh", "-c", "echo $BENCHD_TEST_KEPT $BENCHD_TEST_CHANGED"}, {{"BENCHD_TEST_CHANGED", "after"}}),
            "kept after\n");
}

TEST(Spawn, HowAChildEnds) {
  const auto ended = [](const std::string& script) {
    const auto child = spawn(*find_program({"sh", "-c", script}, {}), {});
    return child.ok() ? wait_for(*child) : ExitStatus{.code = -1};
  };
  EXPECT_EQ(ended("exit 3").code, 3);
  const ExitStatus killed = ended("kill -9 $$");
  EXPECT_EQ(killed.code, 137);
  EXPECT_EQ(killed.signal, SIGKILL);
}

TEST(Spawn, SignalsThatTheParentKeepsAwayReachTheChild) {
  sigset_t blocked, before;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const auto child = spawn(*find_program({"sleep", "60"}, {}), {});
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ASSERT_TRUE(child.ok());
  ::kill(child->pid, SIGTERM);
  EXPECT_EQ(wait_for(*child).signal, SIGTERM);
}

TEST(Spawn, TheChildKeepsToItsCpus) {
  cpu_set_t allowed;
  ASSERT_EQ(::sched_getaffinity(0, sizeof allowed, &allowed), 0);
  size_t last = 0;
  for (size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &allowed)) last = cpu;
  SpawnOptions options;
  options.cpus.set(last);
  EXPECT_EQ(output_of({"sed", "-n", "s/Cpus_allowed_list:\t//p", "/proc/self/status"}, {}, options),
            std::to_string(last) + "\n");
}

TEST(Spawn, WhatCannotBeStartedSaysWhy) {
  TemporaryDirectory directory;
  EXPECT_EQ(find_program({"no-such-command"}, {}).error().code, ENOENT);
  EXPECT_EQ(find_program({directory.path()}, {}).error().code, EACCES);
  const std::string path = directory.path() + "/garbage";
  std::ofstream(path) << "\x7f garbage";
  EXPECT_EQ(find_program({path}, {}).error().code, EACCES) << "not executable";
  ::chmod(path.c_str(), 0755);
  const auto child = spawn(*find_program({path}, {}), {});
  ASSERT_FALSE(child.ok());
  EXPECT_EQ(child.error().code, ENOEXEC);
  SpawnOptions options;
  options.cpus.set(base::kMaxCpus - 1);
  EXPECT_FALSE(spawn(*find_program({"true"}, {}), options).ok()) << "no such cpu";
}

}  // namespace
}  // namespace benchd::campaign
