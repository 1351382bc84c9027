#include "collectors/host/host_collector.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/allocation_count.h"
#include "support/no_files_left.h"
#include "support/temporary_directory.h"

namespace benchd::host {
namespace {

using base::kSecond;
using model::CpuMode;
using model::HostField;
namespace fs = std::filesystem;

HostRoots fixture(const std::string& name) {
  const std::string root = std::string(BENCHD_FIXTURES) + "/host/" + name;
  return {.proc = root + "/proc", .sys = root + "/sys"};
}

std::vector<std::string> subjects(const HostCollector& collector) {
  std::vector<std::string> all;
  for (const auto& state : collector.states()) all.push_back(state.subject);
  return all;
}

TEST(HostCollector, ReadsAMachineOfTwoSockets) {
  HostCollector collector(fixture("two-sockets"));
  model::HostReading host;
  collector.read(0, host);
  EXPECT_TRUE(collector.status().success);

  EXPECT_EQ(host.topology.cpus, 7u);
  EXPECT_EQ(host.topology.physical_cores, 4u);
  EXPECT_EQ(host.topology.sockets, 2u);
  EXPECT_EQ(host.topology.smt, true);

  ASSERT_EQ(host.cpus.size(), 7u);
  const model::HostCpu& six = host.cpus[5];
  EXPECT_EQ(six.cpu, 6u) << "cpu 5 is offline";
  constexpr uint64_t kTick = 10'000'000;
  EXPECT_EQ(six.time(CpuMode::User), 1006 * kTick);
  EXPECT_EQ(six.time(CpuMode::Steal), 11 * kTick);
  EXPECT_EQ(six.guest_ns, 406 * kTick);
  EXPECT_EQ(six.guest_nice_ns, 46 * kTick);
  EXPECT_EQ(six.frequency_hz, 2'400'006'000u);
  EXPECT_EQ(six.package, 1u);
  EXPECT_EQ(six.core, 0u);
  EXPECT_EQ(six.throttle.core_events, 16u);
  EXPECT_EQ(six.throttle.core_ns, 106'000'000u);
  EXPECT_EQ(six.throttle.package_events, 77u);
  EXPECT_EQ(six.throttle.package_ns, 777'000'000u);
  ASSERT_TRUE(six.interrupts && six.softirqs);
  EXPECT_EQ(six.interrupts->at(static_cast<size_t>(model::Interrupt::Device)), 106u);
  EXPECT_EQ(six.interrupts->at(static_cast<size_t>(model::Interrupt::LocalTimer)), 5006u);
  EXPECT_EQ(six.interrupts->at(static_cast<size_t>(model::Interrupt::Other)), 67u);
  EXPECT_EQ(six.softirqs->at(static_cast<size_t>(model::SoftIrq::Rcu)), 906u) << "softirqs has a column for cpu 5";
  EXPECT_FALSE(host.cpus[6].frequency_hz) << "<unknown>";

  ASSERT_EQ(host.nodes.size(), 2u);
  EXPECT_EQ(host.nodes[1].memory_total_bytes, 131'500'000u * uint64_t{1024});
  EXPECT_EQ(host.nodes[1].memory_free_bytes, 50'000'001u * uint64_t{1024});
  EXPECT_EQ(host.nodes[1].hits, 1001u);
  EXPECT_EQ(host.nodes[1].other, 6u);

  ASSERT_EQ(host.disks.size(), 5u);
  const model::HostDisk* disk = find_disk(host, {259, 0});
  ASSERT_NE(disk, nullptr);
  EXPECT_STREQ(disk->name.data(), "nvme0n1");
  EXPECT_EQ(find_disk(host, {1, 2}), nullptr);

  ASSERT_EQ(host.interfaces.size(), 3u) << "the host's namespace is process 1's; veth left out";
  EXPECT_STREQ(host.interfaces[1].name.data(), "enp1s0f0");
  EXPECT_EQ(host.interfaces[1].transmit_dropped, 5u);

  EXPECT_DOUBLE_EQ(host.load->one, 12.34);
  EXPECT_EQ(host.values.get(HostField::ContextSwitches), 987'654'321u);
  EXPECT_EQ(host.values.get(HostField::Interrupts), 123'456u);
  EXPECT_EQ(host.values.get(HostField::OomKills), 8u);
  EXPECT_EQ(host.values.get(HostField::IrqPressureFull), 44u);
  EXPECT_EQ(host.values.get(HostField::CpuPressureFull), 0u);
  EXPECT_FALSE(host.values.has(HostField::MemoryDirty)) << "not in this kernel's file";
  EXPECT_THAT(subjects(collector), testing::ElementsAre("file systems")) << "the fixture's cannot be mounted here";
}

TEST(HostCollector, SaysWhatAVirtualMachineLacks) {
  HostCollector collector(fixture("virtual-machine"));
  model::HostReading host;
  collector.read(0, host);
  EXPECT_TRUE(collector.status().success);
  EXPECT_EQ(host.cpus.size(), 2u);
  EXPECT_FALSE(host.cpus[0].frequency_hz);
  EXPECT_FALSE(host.cpus[0].throttle.core_events);
  EXPECT_FALSE(host.values.has(HostField::IrqPressureFull));
  EXPECT_TRUE(host.values.has(HostField::MemoryPressureFull));
  EXPECT_EQ(host.nodes.size(), 1u);
  EXPECT_THAT(subjects(collector), testing::IsSupersetOf({"irq pressure", "cpu frequency", "thermal throttling"}));
}

TEST(HostCollector, OnAHostWithoutAnyFileHasNothingAndSaysSo) {
  HostCollector collector({.proc = "/nonexistent", .sys = "/nonexistent"});
  model::HostReading host;
  collector.read(0, host);
  EXPECT_FALSE(collector.status().success);
  EXPECT_TRUE(host.cpus.empty());
  EXPECT_TRUE(host.disks.empty());
  EXPECT_TRUE(host.interfaces.empty());
  EXPECT_TRUE(host.filesystems.empty());
  EXPECT_TRUE(host.nodes.empty());
  EXPECT_FALSE(host.load);
  EXPECT_FALSE(host.topology.cpus);
  EXPECT_EQ(host.values, model::HostValues());
  EXPECT_THAT(subjects(collector), testing::IsSupersetOf({"host cpu times", "host memory", "host disks", "pressure"}));
}

TEST(HostCollector, DoesNotBlameTheKernelForWantOfFiles) {
  const auto expect_all_for_want_of_files = [](const HostCollector& collector) {
    for (const model::State& state : collector.states()) {
      if (state.subject == "file systems" && state.cure.empty()) continue;
      EXPECT_EQ(state.found, "too many open files: none is left to read it") << state.subject;
      EXPECT_THAT(state.cure, testing::HasSubstr("LimitNOFILE")) << state.subject;
    }
  };
  HostCollector collector(fixture("two-sockets"));
  model::HostReading host;
  {
    const test::NoFilesLeft none_left;
    collector.read(0, host);
  }
  EXPECT_THAT(subjects(collector),
              testing::IsSupersetOf({"host cpu times", "host memory", "pressure", "file systems"}));
  expect_all_for_want_of_files(collector);
  collector.read(10 * kSecond, host);
  EXPECT_THAT(subjects(collector), testing::ElementsAre("file systems"));
  {
    const test::NoFilesLeft none_left;
    collector.read(20 * kSecond, host);
  }
  EXPECT_THAT(subjects(collector), testing::ElementsAre("cpu frequency", "thermal throttling", "file systems"));
  expect_all_for_want_of_files(collector);
}

class ChangingHost : public testing::Test {
 protected:
  ChangingHost() {
    fs::copy(std::string(BENCHD_FIXTURES) + "/host/two-sockets", root_, fs::copy_options::recursive);
    collector_.emplace(HostRoots{.proc = root_ + "/proc", .sys = root_ + "/sys"});
  }
  void write(const std::string& file, const std::string& text) { std::ofstream(root_ + '/' + file) << text; }

  const TemporaryDirectory directory_;
  const std::string root_ = directory_.path() + "/root";
  std::optional<HostCollector> collector_;
  model::HostReading host_;
};

TEST_F(ChangingHost, ReadsColdFilesEveryTenSeconds) {
  collector_->read(0, host_);
  write("sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count", "99\n");
  collector_->read(9 * kSecond, host_);
  EXPECT_EQ(host_.cpus[0].throttle.core_events, 10u);
  collector_->read(10 * kSecond, host_);
  EXPECT_EQ(host_.cpus[0].throttle.core_events, 99u);
}

TEST_F(ChangingHost, ReadsFrequencyEachSecondButNotOnEachTick) {
  collector_->read(0, host_);
  write("sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "800000\n");
  collector_->read(kSecond / 20, host_);
  EXPECT_EQ(host_.cpus[0].frequency_hz, 2'400'000'000u);
  collector_->read(kSecond, host_);
  EXPECT_EQ(host_.cpus[0].frequency_hz, 800'000'000u);
}

TEST_F(ChangingHost, CountsCoresAnewWhenACpuGoesOffline) {
  collector_->read(0, host_);
  write("proc/stat", "cpu0 1 1 1 1 1 1 1 1 1 1\ncpu4 1 1 1 1 1 1 1 1 1 1\n");
  collector_->read(kSecond, host_);
  EXPECT_EQ(host_.topology.cpus, 2u);
  EXPECT_EQ(host_.topology.physical_cores, 1u);
  EXPECT_EQ(host_.topology.sockets, 1u);
  ASSERT_EQ(host_.cpus.size(), 2u);
  EXPECT_EQ(host_.cpus[1].interrupts->at(static_cast<size_t>(model::Interrupt::LocalTimer)), 5004u);
}

TEST_F(ChangingHost, TellsOfALackWhenItBeginsAndTakesItBack) {
  collector_->read(0, host_);
  EXPECT_THAT(subjects(*collector_), testing::Not(testing::Contains("host paging")));
  write("proc/vmstat", "");
  collector_->read(10 * kSecond, host_);
  EXPECT_THAT(subjects(*collector_), testing::Contains("host paging"));
  EXPECT_FALSE(host_.values.has(HostField::PageFaults));
  write("proc/vmstat", "pgfault 5\n");
  collector_->read(20 * kSecond, host_);
  EXPECT_THAT(subjects(*collector_), testing::Not(testing::Contains("host paging")));
}

TEST_F(ChangingHost, FillsAnEmptyReadingToo) {
  collector_->read(0, host_);
  model::HostReading other;
  collector_->read(kSecond, other);
  EXPECT_EQ(other.cpus.size(), 7u);
  EXPECT_EQ(other.nodes.size(), 2u);
  EXPECT_TRUE(other.cpus[0].interrupts);
}

TEST(HostCollectorCost, AllocatesNothingInSteadyState) {
  HostCollector collector(fixture("two-sockets"));
  model::HostReading host;
  for (int i = 0; i < 3; ++i) collector.read(i * 10 * kSecond, host);
  const uint64_t before = test::allocation_count();
  for (int i = 30; i < 130; ++i) collector.read(i * kSecond, host);
  EXPECT_EQ(test::allocation_count(), before);
}

}  // namespace
}  // namespace benchd::host
