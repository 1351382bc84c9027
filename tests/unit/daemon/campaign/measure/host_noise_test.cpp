#include "daemon/campaign/measure/host_noise.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "support/temporary_directory.h"

namespace benchd::campaign {
namespace {

class HostNoise : public testing::Test {
 protected:
  void write(const std::string& path, const std::string& text) {
    const std::filesystem::path file = directory_.path() + "/" + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  /// Ticks of 10 ms: user, idle and steal of two cpus.
  void stat(int user0, int idle0, int steal0, int user1, int idle1) {
    write("proc/stat", "cpu  0 0 0 0 0 0 0 0 0 0\ncpu0 " + std::to_string(user0) + " 0 0 " + std::to_string(idle0) +
                           " 0 0 0 " + std::to_string(steal0) + " 0 0\ncpu1 " + std::to_string(user1) + " 0 0 " +
                           std::to_string(idle1) + " 0 0 0 0 0 0\nintr 1\n");
  }
  host::HostRoots roots() const { return {.proc = directory_.path() + "/proc", .sys = directory_.path() + "/sys"}; }

 private:
  TemporaryDirectory directory_;
};

TEST_F(HostNoise, OthersAtWorkExcludeARun) {
  NoiseMeter meter({}, roots());
  stat(100, 100, 0, 100, 100);
  meter.begin({});
  stat(200, 100, 0, 130, 170);  // 1.3 s busy of 2, of which the run had 1
  EXPECT_EQ(meter.end(1'000'000), "others used more than 10 % of the cpus");
  EXPECT_EQ(meter.end(1'200'000), "") << "5 %";
}

TEST_F(HostNoise, OnlyTheCpusOfTheRunMatter) {
  NoiseMeter meter({}, roots());
  stat(100, 100, 0, 100, 100);
  base::CpuSet first;
  first.set(0);
  meter.begin(first);
  stat(200, 100, 0, 200, 100);
  EXPECT_EQ(meter.end(990'000), "");
}

TEST_F(HostNoise, StolenTimeExcludesARun) {
  NoiseMeter meter({}, roots());
  stat(100, 100, 0, 100, 100);
  meter.begin({});
  stat(190, 100, 10, 100, 200);
  EXPECT_EQ(meter.end(900'000), "the hypervisor took more than 5 % of the cpus");
}

TEST_F(HostNoise, AFewTicksTellNothingOfAShortRun) {
  NoiseMeter meter({}, roots());
  stat(100, 100, 0, 100, 100);
  meter.begin({});
  stat(103, 100, 0, 101, 102);
  EXPECT_EQ(meter.end(1'000), "") << "40 ms that the run did not use, in 60";
}

TEST_F(HostNoise, HeatExcludesARun) {
  stat(100, 100, 0, 100, 100);
  write("sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count", "5\n");
  NoiseMeter hot({}, roots());
  hot.begin({});
  write("sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count", "6\n");
  EXPECT_EQ(hot.end(0), "the clock was cut by heat");
}

TEST_F(HostNoise, ARuleThatIsOffExcludesNothing) {
  NoiseMeter meter({.enabled = false}, roots());
  stat(100, 100, 0, 100, 100);
  meter.begin({});
  stat(900, 100, 0, 900, 100);
  EXPECT_EQ(meter.end(0), "");
}

TEST_F(HostNoise, WarningsSayWhatToDo) {
  write("proc/loadavg", "3.20 1.00 0.50 1/100 1234\n");
  write("proc/meminfo", "MemTotal: 1000000 kB\nMemAvailable: 50000 kB\nSwapTotal: 500000 kB\nSwapFree: 100000 kB\n");
  model::HostFacts facts;
  facts.cpus = 4;
  facts.governor = "powersave";
  facts.turbo = true;
  facts.smt = true;
  const auto warnings = noise_warnings(facts, roots());
  ASSERT_EQ(warnings.size(), 5U);
  EXPECT_NE(warnings[0].find("governor powersave"), std::string::npos);
  EXPECT_EQ(warnings[3], "others are at work: a load of 3.2 on 4 cpus in the last minute");
  EXPECT_EQ(warnings[4], "memory is short: 390 MiB are swapped out, 48 MiB available");
  write("proc/loadavg", "0.20 1.00 0.50 1/100 1234\n");
  write("proc/meminfo", "");
  EXPECT_TRUE(noise_warnings({.cpus = 4, .governor = "performance", .turbo = false}, roots()).empty());
}

}  // namespace
}  // namespace benchd::campaign
