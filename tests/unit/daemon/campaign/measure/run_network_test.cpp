#include "daemon/campaign/measure/run_network.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "support/temporary_directory.h"

namespace benchd::campaign {
namespace {

constexpr const char* kHead =
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier "
    "compressed\n";

std::string interface(const std::string& name, int received, int sent) {
  return name + ": " + std::to_string(received) + " 1 0 0 0 0 0 0 " + std::to_string(sent) + " 2 0 0 0 0 0 0\n";
}

/// A cgroup with process 17, and a /proc where it is.
class RunNetworkTest : public testing::Test {
 protected:
  RunNetworkTest() {
    write("cgroup/cgroup.procs", "17\n");
    write("proc/self/net/dev", kHead + interface("eth0", 5, 6));
    write("proc/17/net/dev", kHead + interface("lo", 1, 1) + interface("eth0", 0, 0));
  }
  void write(const std::string& file, const std::string& text) const {
    const auto path = std::filesystem::path(directory_.path()) / file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  std::string at(const char* path) const { return directory_.path() + '/' + path; }
  RunNetwork network() const { return RunNetwork::of(at("cgroup"), at("proc")); }

  TemporaryDirectory directory_;
  model::RunRecord record_;
};

TEST_F(RunNetworkTest, ItIsWhatItsInterfacesCountedByTheEnd) {
  RunNetwork network = this->network();
  write("proc/17/net/dev", kHead + interface("lo", 900, 900) + interface("eth0", 70, 8) + interface("eth1", 1000, 3));
  network.take(record_);
  EXPECT_EQ(record_.network_received_bytes, 1070U) << "without its loopback";
  EXPECT_EQ(record_.network_sent_bytes, 11U);
}

TEST_F(RunNetworkTest, ItIsReadAfterItsLastProcess) {
  RunNetwork network = this->network();
  std::filesystem::remove_all(at("proc/17"));
  network.take(record_);
  EXPECT_EQ(record_.network_received_bytes, 0U) << "it was there and nothing came";
}

TEST_F(RunNetworkTest, ThatOfTheHostIsNotItsOwn) {
  std::filesystem::remove(at("proc/17/net/dev"));
  std::filesystem::create_hard_link(at("proc/self/net/dev"), at("proc/17/net/dev"));
  network().take(record_);
  EXPECT_FALSE(record_.network_received_bytes.has_value());
  EXPECT_FALSE(record_.network_sent_bytes.has_value());
}

TEST_F(RunNetworkTest, WhatHasEndedBeforeAnybodyLookedIsAbsent) {
  write("cgroup/cgroup.procs", "");
  network().take(record_);
  write("cgroup/cgroup.procs", "18\n");
  network().take(record_);
  EXPECT_FALSE(record_.network_received_bytes.has_value());
}

TEST_F(RunNetworkTest, InterfacesThatAreGoneAreAbsentNot0) {
  RunNetwork network = this->network();
  write("proc/17/net/dev", kHead + interface("lo", 900, 900));
  network.take(record_);
  EXPECT_FALSE(record_.network_sent_bytes.has_value());
}

}  // namespace
}  // namespace benchd::campaign
