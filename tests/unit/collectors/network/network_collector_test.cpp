#include "collectors/network/network_collector.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "support/allocation_count.h"
#include "support/temporary_directory.h"

namespace benchd::network {
namespace {

using base::kSecond;
using model::NetworkScope;
namespace fs = std::filesystem;

/// A /proc and a cgroup tree made of plain files. Two processes are in one namespace when their net/dev is one inode,
/// as in the kernel: here by hard links.
class NetworkCollectorTest : public testing::Test {
 protected:
  NetworkCollectorTest() {
    process(1, "/init.scope");
    collector_.emplace(NetworkRoots{.proc = root_ + "proc", .cgroup = root_ + "cgroup"});
  }

  void process(pid_t pid, const std::string& cgroup, pid_t shares_with = 0) {
    fs::create_directories(proc(pid) + "/net");
    fs::create_directories(root_ + "cgroup" + cgroup);
    std::ofstream(proc(pid) + "/cgroup") << "1:cpu:/\n0::" << cgroup << '\n';
    std::ofstream(root_ + "cgroup" + cgroup + "/cgroup.procs", std::ios::app) << pid << '\n';
    if (shares_with != 0)
      fs::create_hard_link(proc(shares_with) + "/net/dev", proc(pid) + "/net/dev");
    else
      traffic(pid, 0);
  }

  void dies(pid_t pid, const std::string& cgroup) {
    fs::remove_all(proc(pid));
    std::ofstream(root_ + "cgroup" + cgroup + "/cgroup.procs", std::ios::trunc);
  }

  void traffic(pid_t pid, uint64_t packets) {
    std::ofstream(proc(pid) + "/net/dev")
        << "header\n eth0: " << packets * 100 << ' ' << packets << " 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n";
  }

  std::string proc(pid_t pid) const { return root_ + "proc/" + std::to_string(pid); }

  uint64_t packets(uint64_t id, base::Instant at) {
    collector_->read(id, at, reading_);
    return reading_.network_scope == NetworkScope::Own ? reading_.network.at(0).receive_packets : kNotCharged;
  }

  NetworkScope scope(uint64_t id, base::Instant at) {
    collector_->read(id, at, reading_);
    return reading_.network_scope;
  }

  static constexpr uint64_t kNotCharged = UINT64_MAX;
  const TemporaryDirectory directory_;
  const std::string root_ = directory_.path() + '/';
  model::Reading reading_;
  std::optional<NetworkCollector> collector_;  ///< made after process 1, whose namespace is the host's
};

TEST_F(NetworkCollectorTest, ChargesAContainerForItsOwnNamespace) {
  process(100, "/docker/a");
  traffic(100, 7);
  collector_->started(10, "/docker/a", 0);
  EXPECT_EQ(packets(10, 0), 7u);
  traffic(100, 9);
  EXPECT_EQ(packets(10, kSecond), 9u);
  EXPECT_EQ(reading_.network[0].receive_bytes, 900u);
}

TEST_F(NetworkCollectorTest, ChargesNobodyForTheHostsNamespace) {
  process(100, "/docker/a", 1);
  traffic(1, 1000);
  collector_->started(10, "/docker/a", 0);
  EXPECT_EQ(scope(10, 0), NetworkScope::Unknown);
  EXPECT_EQ(scope(10, 3 * kSecond), NetworkScope::Host);
  EXPECT_TRUE(reading_.network.empty());
}

TEST_F(NetworkCollectorTest, FollowsAProcessThatGetsItsNamespaceAfterItsCgroup) {
  process(100, "/docker/a", 1);
  collector_->started(10, "/docker/a", 0);
  EXPECT_EQ(scope(10, 0), NetworkScope::Unknown);
  fs::remove(proc(100) + "/net/dev");
  traffic(100, 5);
  EXPECT_EQ(packets(10, kSecond / 20), 5u);
}

TEST_F(NetworkCollectorTest, ChargesASharedNamespaceOnceAndToTheLowestId) {
  process(100, "/docker/b");
  process(101, "/docker/a", 100);
  traffic(100, 7);
  collector_->started(20, "/docker/b", 0);
  collector_->started(10, "/docker/a", 0);
  EXPECT_EQ(scope(20, 0), NetworkScope::Shared);
  EXPECT_EQ(packets(10, 0), 7u);
}

TEST_F(NetworkCollectorTest, HandsTheChargeOnWithoutChargingTwice) {
  process(100, "/docker/a");
  process(101, "/docker/b", 100);
  process(102, "/docker/c", 100);
  collector_->started(10, "/docker/a", 0);
  collector_->started(20, "/docker/b", 0);
  collector_->started(30, "/docker/c", 0);
  traffic(100, 7);
  EXPECT_EQ(packets(10, 0), 7u);
  EXPECT_EQ(scope(20, 0), NetworkScope::Shared);
  traffic(100, 12);
  dies(100, "/docker/a");
  collector_->ended(10, kSecond, reading_);
  EXPECT_EQ(reading_.network_scope, NetworkScope::Own);
  EXPECT_EQ(reading_.network.at(0).receive_packets, 12u);
  EXPECT_EQ(packets(20, kSecond), 0u);
  EXPECT_EQ(scope(30, kSecond), NetworkScope::Shared);
  traffic(101, 15);
  EXPECT_EQ(packets(20, 2 * kSecond), 3u);
}

TEST_F(NetworkCollectorTest, KeepsTheChargeWhenAContainerWithALowerIdJoinsLater) {
  process(100, "/docker/b");
  process(101, "/docker/a", 100);
  traffic(100, 7);
  collector_->started(20, "/docker/b", 0);
  EXPECT_EQ(packets(20, 0), 7u);
  collector_->started(10, "/docker/a", 0);
  EXPECT_EQ(scope(10, kSecond), NetworkScope::Shared);
  EXPECT_EQ(packets(20, kSecond), 7u);
}

TEST_F(NetworkCollectorTest, ReadsTheLastCountersAfterTheProcessDied) {
  process(100, "/docker/a");
  collector_->started(10, "/docker/a", 0);
  traffic(100, 42);
  dies(100, "/docker/a");
  EXPECT_EQ(packets(10, kSecond), 42u);
  collector_->ended(10, kSecond, reading_);
  EXPECT_EQ(reading_.network.at(0).receive_packets, 42u);
  EXPECT_EQ(scope(10, kSecond), NetworkScope::Unknown);
}

TEST_F(NetworkCollectorTest, GivesItsDescriptorBackAtTheEnd) {
  const auto open_files = [] {
    return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator());
  };
  process(100, "/docker/a");
  process(101, "/docker/b", 100);
  const auto before = open_files();
  collector_->started(10, "/docker/a", 0);
  collector_->started(20, "/docker/b", 0);
  packets(10, 0);
  packets(20, 0);
  EXPECT_EQ(open_files(), before + 1);
  collector_->ended(10, kSecond, reading_);
  EXPECT_EQ(open_files(), before + 1);
  collector_->ended(20, kSecond, reading_);
  EXPECT_EQ(open_files(), before);
}

TEST_F(NetworkCollectorTest, IsNotFooledByAPidThatNowIsAnothers) {
  process(100, "/docker/a");
  traffic(100, 7);
  process(200, "/system.slice/ssh.service");
  traffic(200, 999);
  collector_->started(10, "/docker/a", 0);
  collector_->init_pid(10, 200);
  EXPECT_EQ(packets(10, 0), 7u);
}

TEST_F(NetworkCollectorTest, PrefersTheInitProcessThatTheRuntimeNames) {
  process(100, "/docker/a/inner");
  process(101, "/docker/a/init.scope");
  traffic(100, 1);
  traffic(101, 2);
  collector_->started(10, "/docker/a", 0);
  collector_->init_pid(10, 101);
  EXPECT_EQ(packets(10, 0), 2u);
}

TEST_F(NetworkCollectorTest, FindsAnotherProcessWhenTheFirstDied) {
  process(100, "/docker/a");
  traffic(100, 7);
  collector_->started(10, "/docker/a", 0);
  EXPECT_EQ(packets(10, 0), 7u);
  dies(100, "/docker/a");
  process(300, "/docker/a");
  traffic(300, 3);
  EXPECT_EQ(packets(10, 30 * kSecond), 10u) << "another namespace's counters come on top, or the counter would fall";
}

TEST_F(NetworkCollectorTest, LooksAgainOnlyWhereAThreadHasRunSince) {
  process(100, "/docker/a");
  process(200, "/docker/b");
  traffic(200, 5);
  collector_->started(10, "/docker/a", 0);
  EXPECT_EQ(packets(10, 20 * kSecond), 0u);
  fs::remove(proc(100) + "/net/dev");
  fs::create_hard_link(proc(200) + "/net/dev", proc(100) + "/net/dev");
  collector_->read(10, 40 * kSecond, reading_, 19 * kSecond);
  EXPECT_EQ(reading_.network.at(0).receive_packets, 0u);
  collector_->read(10, 41 * kSecond, reading_, 20 * kSecond);
  EXPECT_EQ(reading_.network.at(0).receive_packets, 5u);
}

TEST_F(NetworkCollectorTest, LooksAgainForAProcessThatWasNotFoundThoughNoThreadRuns) {
  collector_->started(10, "/docker/a", 0);
  EXPECT_EQ(scope(10, 20 * kSecond), NetworkScope::Unknown);
  process(100, "/docker/a");
  collector_->read(10, 40 * kSecond, reading_, kSecond);
  EXPECT_EQ(reading_.network_scope, NetworkScope::Own);
}

TEST_F(NetworkCollectorTest, SaysThatProcessesAreHiddenAndTakesItBack) {
  fs::create_directories(root_ + "cgroup/docker/a");
  std::ofstream(root_ + "cgroup/docker/a/cgroup.procs") << "0\n";
  collector_->started(10, "/docker/a", 0);
  EXPECT_EQ(scope(10, 0), NetworkScope::Unknown);
  ASSERT_EQ(collector_->states().size(), 1u);
  EXPECT_EQ(collector_->states()[0].subject, "container processes");
  collector_->ended(10, kSecond, reading_);
  EXPECT_TRUE(collector_->states().empty());
}

TEST_F(NetworkCollectorTest, WaitsForAContainerThatHasNoProcessYet) {
  fs::create_directories(root_ + "cgroup/docker/a");
  collector_->started(10, "/docker/a", 0);
  EXPECT_EQ(scope(10, 0), NetworkScope::Unknown);
  EXPECT_TRUE(collector_->states().empty());
  process(100, "/docker/a");
  traffic(100, 4);
  EXPECT_EQ(packets(10, kSecond), 4u);
}

TEST_F(NetworkCollectorTest, TellsWhatATurnTookAndWhetherItWorked) {
  process(100, "/docker/a");
  collector_->started(10, "/docker/a", 0);
  packets(10, kSecond);
  EXPECT_STREQ(collector_->status().collector, "network");
  EXPECT_TRUE(collector_->status().success);
  EXPECT_GT(collector_->status().duration_seconds, 0.0);
}

TEST_F(NetworkCollectorTest, SaysWhoseNamespaceThereIsNoFdFor) {
  collector_.emplace(NetworkRoots{.proc = root_ + "proc", .cgroup = root_ + "cgroup"}, 1);
  process(100, "/docker/a");
  process(101, "/docker/b");
  process(102, "/docker/c", 100);
  traffic(101, 6);
  collector_->started(10, "/docker/a", 0);
  collector_->started(20, "/docker/b", 0);
  collector_->started(30, "/docker/c", 0);
  EXPECT_EQ(scope(10, 0), NetworkScope::Own);
  EXPECT_EQ(scope(20, 0), NetworkScope::Unknown);
  EXPECT_EQ(scope(30, 0), NetworkScope::Shared) << "needs no fd of its own";
  ASSERT_EQ(collector_->states().size(), 1u);
  EXPECT_EQ(collector_->states()[0].found, "too many open files: none is left for 1 containers");

  collector_->ended(10, kSecond, reading_);
  collector_->ended(30, kSecond, reading_);
  EXPECT_EQ(packets(20, kSecond), 6u);
  EXPECT_TRUE(collector_->states().empty());
}

TEST_F(NetworkCollectorTest, AllocatesNothingInSteadyState) {
  process(100, "/docker/a");
  process(101, "/docker/b", 100);
  process(102, "/docker/c", 1);
  collector_->started(10, "/docker/a", 0);
  collector_->started(20, "/docker/b", 0);
  collector_->started(30, "/docker/c", 0);
  const auto turn = [&](base::Instant at) {
    for (const uint64_t id : {10, 20, 30}) collector_->read(id, at, reading_);
  };
  turn(0);
  turn(kSecond);
  const uint64_t before = test::allocation_count();
  for (int i = 2; i < 100; ++i) turn(i * kSecond);
  EXPECT_EQ(test::allocation_count(), before);
}

}  // namespace
}  // namespace benchd::network
