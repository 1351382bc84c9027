#include "collectors/host/cpu_times.h"

#include <string>

#include <gtest/gtest.h>

namespace benchd::host {
namespace {

using base::kSecond;
using model::CpuMode;
constexpr uint64_t kTick = 10'000'000;

std::string line(uint32_t cpu, uint64_t idle, uint64_t iowait, uint64_t user = 100) {
  return "cpu" + std::to_string(cpu) + ' ' + std::to_string(user) + " 0 0 " + std::to_string(idle) + ' ' +
         std::to_string(iowait) + " 0 0 0 0 0\n";
}

class CpuTimesTest : public testing::Test {
 protected:
  bool at(base::Instant now, const std::string& lines) {
    return times_.update("cpu  1 1 1 1 1 1 1 1 1 1\n" + lines + "intr 5 cpu9\n", now, cpus_);
  }
  uint64_t ticks(CpuMode mode, size_t place = 0) const { return cpus_.at(place).time(mode) / kTick; }

  CpuTimes times_{kTick};
  std::vector<model::HostCpu> cpus_;
};

TEST_F(CpuTimesTest, HoldsIowaitAndIdleWhereTheKernelsFall) {
  at(0, line(0, 100'000, 5'000));
  at(kSecond, line(0, 100'090, 4'990));
  EXPECT_EQ(ticks(CpuMode::IoWait), 5'000u);
  EXPECT_EQ(ticks(CpuMode::Idle), 100'090u);
  at(2 * kSecond, line(0, 99'000, 5'001));
  EXPECT_EQ(ticks(CpuMode::IoWait), 5'001u);
  EXPECT_EQ(ticks(CpuMode::Idle), 100'090u);
  at(3 * kSecond, line(0, 100'091, 5'001));
  EXPECT_EQ(ticks(CpuMode::Idle), 100'091u);
}

TEST_F(CpuTimesTest, HoldsAFewTicksThatFallOnAYoungHost) {
  at(0, line(0, 50, 5));
  at(10 * kSecond, line(0, 60, 4));
  EXPECT_EQ(ticks(CpuMode::IoWait), 5u) << "five ticks are no count that began anew";
}

TEST_F(CpuTimesTest, GoesOnWhenACpuCameBackOnlineAndItsIdleBeganAnew) {
  at(0, line(0, 500'000, 3'000) + line(1, 500'000, 3'000));
  EXPECT_TRUE(at(kSecond, line(0, 500'100, 3'000)));
  EXPECT_EQ(cpus_.size(), 1u);
  EXPECT_TRUE(at(2 * kSecond, line(0, 500'200, 3'000) + line(1, 40, 0)));
  EXPECT_EQ(ticks(CpuMode::Idle, 1), 500'040u);
  EXPECT_EQ(ticks(CpuMode::IoWait, 1), 3'000u);
  at(3 * kSecond, line(0, 500'300, 3'000) + line(1, 140, 1));
  EXPECT_EQ(ticks(CpuMode::Idle, 1), 500'140u);
  EXPECT_EQ(ticks(CpuMode::IoWait, 1), 3'001u);
}

TEST_F(CpuTimesTest, KeepsWhatIsKnownOfTheOtherCpusWhenOneVanishes) {
  EXPECT_TRUE(at(0, line(0, 1, 0) + line(1, 1, 0) + line(2, 1, 0)));
  for (auto& cpu : cpus_) cpu.frequency_hz = cpu.cpu + 1000;
  EXPECT_FALSE(at(kSecond, line(0, 2, 0) + line(1, 2, 0) + line(2, 2, 0)));
  EXPECT_TRUE(at(2 * kSecond, line(0, 3, 0) + line(2, 3, 0)));
  ASSERT_EQ(cpus_.size(), 2u);
  EXPECT_EQ(cpus_[1].cpu, 2u);
  EXPECT_EQ(cpus_[1].frequency_hz, 1002u);
  EXPECT_TRUE(at(3 * kSecond, line(0, 4, 0) + line(1, 4, 0) + line(2, 4, 0)));
  ASSERT_EQ(cpus_.size(), 3u);
  EXPECT_FALSE(cpus_[1].frequency_hz);
  EXPECT_EQ(cpus_[2].frequency_hz, 1002u);
}

TEST_F(CpuTimesTest, HasNoCpuWithoutTheFile) {
  at(0, line(0, 1, 0));
  EXPECT_TRUE(times_.update("", kSecond, cpus_));
  EXPECT_TRUE(cpus_.empty());
}

TEST(ParseCpuLine, RefusesTheSumAndWhatIsCutOff) {
  EXPECT_FALSE(parse_cpu_line("cpu  1 2 3 4 5 6 7 8 9 10"));
  EXPECT_FALSE(parse_cpu_line("cpu3 1 2 3"));
  EXPECT_FALSE(parse_cpu_line("cpu99999 1 2 3 4 5 6 7 8 9 10"));
  EXPECT_FALSE(parse_cpu_line("ctxt 5"));
  const auto line = parse_cpu_line("cpu12 1 2 3 4 5 6 7 8 9 10");
  ASSERT_TRUE(line);
  EXPECT_EQ(line->cpu, 12u);
  EXPECT_EQ(line->ticks[9], 10u);
}

}  // namespace
}  // namespace benchd::host
