#include "collectors/host/disks.h"

#include <string>

#include <gtest/gtest.h>

namespace benchd::host {
namespace {

constexpr uint64_t kMs = 1'000'000;

TEST(ParseDiskLine, TakesEveryFieldOfTheLongForm) {
  const auto disk = parse_disk_line(" 259       0 nvme0n1 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17");
  ASSERT_TRUE(disk);
  EXPECT_EQ(disk->device, (model::Device{259, 0}));
  EXPECT_STREQ(disk->name.data(), "nvme0n1");
  EXPECT_EQ(disk->reads, 1u);
  EXPECT_EQ(disk->reads_merged, 2u);
  EXPECT_EQ(disk->read_bytes, 3u * 512);
  EXPECT_EQ(disk->read_ns, 4 * kMs);
  EXPECT_EQ(disk->writes, 5u);
  EXPECT_EQ(disk->writes_merged, 6u);
  EXPECT_EQ(disk->written_bytes, 7u * 512);
  EXPECT_EQ(disk->write_ns, 8 * kMs);
  EXPECT_EQ(disk->in_flight, 9u);
  EXPECT_EQ(disk->busy_ns, 10 * kMs);
  EXPECT_EQ(disk->weighted_ns, 11 * kMs);
  EXPECT_EQ(disk->discards->count, 12u);
  EXPECT_EQ(disk->discards->merged, 13u);
  EXPECT_EQ(disk->discards->bytes, 14u * 512);
  EXPECT_EQ(disk->discards->ns, 15 * kMs);
  EXPECT_EQ(disk->flushes->count, 16u);
  EXPECT_EQ(disk->flushes->ns, 17 * kMs);
}

TEST(ParseDiskLine, LeavesAbsentWhatOlderKernelsDoNotCount) {
  const auto oldest = parse_disk_line("   8       0 sda 1 2 3 4 5 6 7 8 9 10 11");
  ASSERT_TRUE(oldest);
  EXPECT_FALSE(oldest->discards);
  EXPECT_FALSE(oldest->flushes);
  const auto older = parse_disk_line("   8       0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15");
  ASSERT_TRUE(older);
  EXPECT_TRUE(older->discards);
  EXPECT_FALSE(older->flushes);
}

TEST(ParseDiskLine, RefusesWhatIsNone) {
  EXPECT_FALSE(parse_disk_line(""));
  EXPECT_FALSE(parse_disk_line("   8       0 sda 1 2 3 4 5 6 7 8 9 10"));
  EXPECT_FALSE(parse_disk_line("   8       x sda 1 2 3 4 5 6 7 8 9 10 11"));
  EXPECT_FALSE(parse_disk_line("   8       0 a-name-that-is-longer-than-a-disks-may-be 1 2 3 4 5 6 7 8 9 10 11"));
}

class DisksTest : public testing::Test {
 protected:
  const model::HostDisk& sda(uint64_t reads, uint64_t read_ms) {
    disks_.update("   8 0 sda " + std::to_string(reads) + " 0 0 " + std::to_string(read_ms) + " 5 0 0 6 0 7 8\n",
                  reading_);
    return reading_.at(0);
  }
  Disks disks_;
  std::vector<model::HostDisk> reading_;
};

TEST_F(DisksTest, GoesOnWhenTheKernels32BitsOfMillisecondsWrap) {
  constexpr uint64_t kWrap = uint64_t{1} << 32;
  EXPECT_EQ(sda(10, kWrap - 5).read_ns, (kWrap - 5) * kMs);
  EXPECT_EQ(sda(11, 20).read_ns, (kWrap + 20) * kMs);
  EXPECT_EQ(sda(12, 30).read_ns, (kWrap + 30) * kMs);
  sda(13, kWrap - 1);
  EXPECT_EQ(sda(14, 0).read_ns, 2 * kWrap * kMs);
}

TEST_F(DisksTest, HoldsATimeThatFallsALittle) {
  sda(10, 1000);
  EXPECT_EQ(sda(11, 999).read_ns, 1000 * kMs);
  EXPECT_EQ(sda(12, 1001).read_ns, 1001 * kMs);
}

TEST_F(DisksTest, TakesADeviceMadeAgainAsItIs) {
  sda(1000, (uint64_t{1} << 32) - 5);
  EXPECT_EQ(sda(1, 3).read_ns, 3 * kMs);
}

TEST_F(DisksTest, IsSortedAndWithoutLoopAndRamDevicesThatDidNothing) {
  disks_.update(
      "   7 0 loop0 0 0 0 0 0 0 0 0 0 0 0\n   7 1 loop1 1 0 8 0 0 0 0 0 0 0 0\n 254 0 vda 0 0 0 0 0 0 0 0 0 0 0\n"
      "   1 0 ram0 0 0 0 0 0 0 0 0 0 0 0\n 253 0 dm-0 1 0 8 0 0 0 0 0 0 0 0\n",
      reading_);
  ASSERT_EQ(reading_.size(), 3u);
  EXPECT_STREQ(reading_[0].name.data(), "loop1");
  EXPECT_STREQ(reading_[1].name.data(), "dm-0");
  EXPECT_STREQ(reading_[2].name.data(), "vda");
}

TEST_F(DisksTest, ForgetsADeviceThatVanished) {
  sda(1, 1);
  disks_.update("", reading_);
  EXPECT_TRUE(reading_.empty());
}

}  // namespace
}  // namespace benchd::host
