#include "collectors/cgroup/io_counters.h"

#include <string>

#include <gtest/gtest.h>

namespace benchd::cgroup {
namespace {

/// A row whose six counters are all `n`.
std::string row(const std::string& device, int n) {
  const std::string v = std::to_string(n);
  return device + " rbytes=" + v + " wbytes=" + v + " rios=" + v + " wios=" + v + " dbytes=" + v + " dios=" + v + "\n";
}

class IoCountersTest : public testing::Test {
 protected:
  size_t update(const std::string& text) { return counters_.update(text, io_); }

  uint64_t read_bytes(uint32_t major, uint32_t minor) const {
    for (const auto& io : io_) {
      if (io.device == model::Device{.major = major, .minor = minor}) return io.read_bytes;
    }
    ADD_FAILURE() << "no row of " << major << ':' << minor;
    return 0;
  }

  IoCounters counters_;
  std::vector<model::DeviceIo> io_;
};

TEST_F(IoCountersTest, AreSortedByDeviceWhateverTheKernelsOrder) {
  update(row("254:0", 1) + row("8:16", 2) + row("8:0", 3));
  ASSERT_EQ(io_.size(), 3);
  EXPECT_EQ(io_[0].device, (model::Device{.major = 8, .minor = 0}));
  EXPECT_EQ(io_[1].device, (model::Device{.major = 8, .minor = 16}));
  EXPECT_EQ(io_[2].device, (model::Device{.major = 254, .minor = 0}));
}

TEST_F(IoCountersTest, KeepADeviceWhoseRowVanishesAndReturns) {
  update(row("8:0", 100) + row("8:16", 50));
  update(row("8:16", 51));
  EXPECT_EQ(read_bytes(8, 0), 100);
  update("");
  EXPECT_EQ(read_bytes(8, 16), 51);
  update(row("8:0", 120) + row("8:16", 52));
  EXPECT_EQ(read_bytes(8, 0), 120);
  EXPECT_EQ(read_bytes(8, 16), 52);
}

TEST_F(IoCountersTest, KeepADeviceWhoseRowIsTornOrLosesItsName) {
  update(row("8:0", 100));
  EXPECT_EQ(update("8:0 rbytes=1\n"), 1);
  EXPECT_EQ(read_bytes(8, 0), 100);
  EXPECT_EQ(update(row("(unknown)", 130)), 1);
  EXPECT_EQ(read_bytes(8, 0), 100);
}

TEST_F(IoCountersTest, CountOnWhenAnotherDeviceTakesTheNumber) {
  update(row("8:16", 100));
  update(row("8:16", 10));
  EXPECT_EQ(read_bytes(8, 16), 110);
  update(row("8:16", 15));
  EXPECT_EQ(read_bytes(8, 16), 115);
  update(row("8:16", 1));
  EXPECT_EQ(read_bytes(8, 16), 116);
}

TEST_F(IoCountersTest, TakeUpADeviceThatComesLater) {
  update(row("8:16", 1));
  update(row("8:0", 5) + row("8:16", 2));
  EXPECT_EQ(read_bytes(8, 0), 5);
  EXPECT_EQ(read_bytes(8, 16), 2);
}

}  // namespace
}  // namespace benchd::cgroup
