#include "collectors/kernel/container_threads.h"

#include <ctime>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "support/temporary_directory.h"

namespace benchd::kernel {
namespace {

TEST(InnermostId, IsTheLastOfTheLine) {
  EXPECT_EQ(parse_innermost_id("Name:\tx\nNStgid:\t5\nNSpid:\t4711\t33\t7\nNSpgid:\t1\t2\n"), 7);
  EXPECT_EQ(parse_innermost_id("NSpid:\t4711\n"), 4711);
  EXPECT_EQ(parse_innermost_id("Name:\tx\n"), std::nullopt) << "a kernel without namespaces";
  EXPECT_EQ(parse_innermost_id(""), std::nullopt);
}

/// A cgroup with these threads, in a proc of the test's own.
class ContainerThreadsTest : public testing::Test {
 protected:
  void add(int tid, const std::string& ids, uint64_t cpu_ns, uint64_t start = 100) {
    const std::string directory = directory_.path() + "/" + std::to_string(tid);
    std::filesystem::create_directory(directory);
    std::ofstream(directory + "/status") << "Name:\tx\nNSpid:\t" << ids << "\nThreads:\t2\n";
    std::ofstream(directory + "/schedstat") << cpu_ns << " 1 2\n";
    std::ofstream stat(directory + "/stat");
    stat << tid << " (x) R";
    for (int field = 4; field <= 52; ++field) stat << ' ' << (field == 22 ? start : 0);
    stat << '\n';
    threads_ += std::to_string(tid) + "\n";
    std::ofstream(directory_.path() + "/cgroup.threads") << threads_;
  }

  TemporaryDirectory directory_;
  std::string threads_;
  ContainerThreads container_{directory_.path(), directory_.path()};
};

TEST_F(ContainerThreadsTest, FindsAThreadByTheContainersNumberForIt) {
  add(4711, "4711\t1", 500);
  add(4712, "4712\t7", 900);
  const auto time = container_.thread(7);
  ASSERT_TRUE(time);
  EXPECT_EQ(time->tid, 4712);
  EXPECT_EQ(time->cpu_ns, 900);
  EXPECT_FALSE(container_.process(7)) << "it has two threads";
  EXPECT_FALSE(container_.thread(4712)) << "the host's number";
}

TEST_F(ContainerThreadsTest, TellsAThreadFromALaterOneWithItsNumber) {
  add(4711, "4711\t7", 500);
  ASSERT_TRUE(container_.thread(7));
  add(4711, "4711\t7", 20, 300);
  const auto time = container_.thread(7);
  EXPECT_TRUE(!time || time->started == 300);
}

TEST_F(ContainerThreadsTest, KnowsNoThreadWhoseNumberTwoHave) {
  add(4711, "4711\t7", 500);
  add(4712, "4712\t9\t7", 900);
  EXPECT_FALSE(container_.thread(7)) << "a namespace within the container's";
}

TEST(ContainerThreadsOfThisProcess, AreAsExactAsItsOwnClock) {
  TemporaryDirectory cgroup;
  std::ofstream(cgroup.path() + "/cgroup.threads") << ::getpid() << '\n';
  const auto innermost = [] {
    std::ifstream status("/proc/self/status");
    return parse_innermost_id(std::string(std::istreambuf_iterator<char>(status), {}));
  }();
  ASSERT_TRUE(innermost);
  ContainerThreads threads("/proc", cgroup.path());
  timespec before{};
  timespec after{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
  const auto time = threads.process(*innermost);
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
  if (!time) GTEST_SKIP() << "this process has several threads";
  EXPECT_GE(time->cpu_ns, static_cast<uint64_t>(before.tv_sec * 1'000'000'000 + before.tv_nsec));
  EXPECT_LE(time->cpu_ns, static_cast<uint64_t>(after.tv_sec * 1'000'000'000 + after.tv_nsec));
  EXPECT_EQ(time->behind, 0);
}

}  // namespace
}  // namespace benchd::kernel
