#include "collectors/network/net_dev.h"

#include <string>

#include <gtest/gtest.h>

namespace benchd::network {
namespace {

constexpr std::string_view kHeader =
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier "
    "compressed\n";

TEST(NextInterface, TakesReceivedAndSentFromTheirColumns) {
  const std::string text = std::string(kHeader) + "  eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n";
  std::string_view rest = text;
  const auto row = next_interface(rest);
  ASSERT_TRUE(row);
  EXPECT_EQ(name_of(*row), "eth0");
  EXPECT_EQ(row->receive_bytes, 1u);
  EXPECT_EQ(row->receive_packets, 2u);
  EXPECT_EQ(row->receive_errors, 3u);
  EXPECT_EQ(row->receive_dropped, 4u);
  EXPECT_EQ(row->transmit_bytes, 9u);
  EXPECT_EQ(row->transmit_packets, 10u);
  EXPECT_EQ(row->transmit_errors, 11u);
  EXPECT_EQ(row->transmit_dropped, 12u);
  EXPECT_FALSE(next_interface(rest));
}

TEST(NextInterface, NeedsNoBlankAfterTheColonAndTakesTheLongestName) {
  std::string_view rest = "interface-15chr:18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n";
  const auto row = next_interface(rest);
  ASSERT_TRUE(row);
  EXPECT_EQ(name_of(*row), "interface-15chr");
  EXPECT_EQ(row->receive_bytes, UINT64_MAX);
}

TEST(NextInterface, PassesOverWhatIsNoInterface) {
  std::string_view rest =
      "cut off: 1 2 3\n: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\nx: 1 2 3 4 5 6 7 8 -9 10 11 12 13 14 15 16\nok: 1 2 3 "
      "4 5 6 7 8 9 10 11 12 13 14 15 16";
  const auto row = next_interface(rest);
  ASSERT_TRUE(row);
  EXPECT_EQ(name_of(*row), "ok");
}

TEST(NextInterface, RefusesANameLongerThanTheKernelAllows) {
  std::string_view rest = "name-of-16-chars: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n";
  EXPECT_FALSE(next_interface(rest));
}

}  // namespace
}  // namespace benchd::network
