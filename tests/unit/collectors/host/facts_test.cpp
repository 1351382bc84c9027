#include "collectors/host/facts.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "support/temporary_directory.h"

namespace benchd::host {
namespace {

class Facts : public testing::Test {
 protected:
  void write(const std::string& path, const std::string& text) {
    const std::filesystem::path file = directory_.path() + "/" + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  model::HostFacts read() const {
    return read_facts({.proc = directory_.path() + "/proc", .sys = directory_.path() + "/sys"});
  }
  static constexpr const char* kCpus = "sys/devices/system/cpu/";

 private:
  TemporaryDirectory directory_;
};

TEST_F(Facts, OfABareMachine) {
  write("proc/sys/kernel/hostname", "bench1\n");
  write("proc/sys/kernel/osrelease", "6.1.0-18-amd64\n");
  write("proc/cpuinfo", "processor\t: 0\nmodel name\t: Imaginary CPU @ 3.00GHz: fast\n\nprocessor\t: 1\n");
  write(std::string(kCpus) + "online", "0-1\n");
  write(std::string(kCpus) + "smt/active", "1\n");
  write(std::string(kCpus) + "intel_pstate/no_turbo", "1\n");
  write(std::string(kCpus) + "cpu0/cpufreq/scaling_governor", "performance\n");
  write(std::string(kCpus) + "cpu1/cpufreq/scaling_governor", "performance\n");
  const model::HostFacts facts = read();
  EXPECT_EQ(facts.name, "bench1");
  EXPECT_EQ(facts.kernel, "6.1.0-18-amd64");
  EXPECT_EQ(facts.cpu_model, "Imaginary CPU @ 3.00GHz: fast");
  EXPECT_EQ(facts.cpus, 2U);
  EXPECT_EQ(facts.governor, "performance");
  EXPECT_EQ(facts.turbo, false);
  EXPECT_EQ(facts.smt, true);
}

TEST_F(Facts, GovernorsThatDifferAndBoostOfOtherDrivers) {
  write(std::string(kCpus) + "online", "0-1\n");
  write(std::string(kCpus) + "cpu0/cpufreq/scaling_governor", "performance\n");
  write(std::string(kCpus) + "cpu1/cpufreq/scaling_governor", "powersave\n");
  write(std::string(kCpus) + "cpufreq/boost", "1\n");
  EXPECT_EQ(read().governor, "mixed");
  EXPECT_EQ(read().turbo, true);
}

TEST_F(Facts, WhatIsNotThereIsUnknownNotOff) {
  EXPECT_EQ(read(), model::HostFacts());
}

}  // namespace
}  // namespace benchd::host
