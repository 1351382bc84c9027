#include "collectors/network/traffic.h"

#include <string>

#include <gtest/gtest.h>

#include "collectors/network/net_dev.h"

namespace benchd::network {
namespace {

using Rows = std::vector<model::InterfaceTraffic>;

std::string line(const std::string& name, uint64_t bytes, uint64_t packets, uint64_t dropped = 0) {
  return "  " + name + ": " + std::to_string(bytes) + ' ' + std::to_string(packets) + " 0 " + std::to_string(dropped) +
         " 0 0 0 0 " + std::to_string(2 * bytes) + ' ' + std::to_string(2 * packets) + " 0 0 0 0 0 0\n";
}

TEST(Traffic, ChargesAllThatTheNamespaceCountedToTheFirst) {
  Traffic traffic;
  Rows charged, present;
  traffic.charge(line("eth0", 1000, 10), charged, present);
  ASSERT_EQ(present.size(), 1u);
  EXPECT_EQ(present[0].receive_bytes, 1000u);
  EXPECT_EQ(present[0].transmit_packets, 20u);
  traffic.charge(line("eth0", 1500, 15), charged, present);
  EXPECT_EQ(present[0].receive_bytes, 1500u);
}

TEST(Traffic, StartsTheNextOneAtZero) {
  Traffic traffic;
  Rows first, second, present;
  traffic.charge(line("eth0", 1000, 10), first, present);
  traffic.charge(line("eth0", 1000, 10), second, present);
  ASSERT_EQ(present.size(), 1u);
  EXPECT_EQ(present[0].receive_bytes, 0u);
  traffic.charge(line("eth0", 1001, 11), second, present);
  EXPECT_EQ(present[0].receive_bytes, 1u);
  EXPECT_EQ(present[0].transmit_bytes, 2u);
}

TEST(Traffic, GoesOnWhenAnInterfaceIsMadeAgain) {
  Traffic traffic;
  Rows charged, present;
  traffic.charge(line("eth0", 1000, 10), charged, present);
  traffic.charge(line("eth0", 300, 3), charged, present);
  EXPECT_EQ(present[0].receive_bytes, 1300u);
  EXPECT_EQ(present[0].receive_packets, 13u);
}

TEST(Traffic, GoesOnWhenAnInterfaceWasAwayForSomeReads) {
  Traffic traffic;
  Rows charged, present;
  traffic.charge(line("eth0", 1000, 10) + line("eth1", 7, 1), charged, present);
  traffic.charge(line("eth1", 8, 2), charged, present);
  ASSERT_EQ(present.size(), 1u);
  EXPECT_EQ(name_of(present[0]), "eth1");
  EXPECT_EQ(present[0].receive_bytes, 8u);
  traffic.charge(line("eth1", 8, 2) + line("eth0", 5000, 50), charged, present);
  ASSERT_EQ(present.size(), 2u);
  EXPECT_EQ(present[1].receive_bytes, 6000u);
}

TEST(Traffic, TakesAFallOfOneCounterAloneForAGlitch) {
  Traffic traffic;
  Rows charged, present;
  traffic.charge(line("eth0", 1000, 10, 500), charged, present);
  traffic.charge(line("eth0", 1001, 11, 499), charged, present);
  EXPECT_EQ(present[0].receive_dropped, 500u);
  traffic.charge(line("eth0", 1002, 12, 501), charged, present);
  EXPECT_EQ(present[0].receive_dropped, 501u);
  EXPECT_EQ(present[0].receive_bytes, 1002u);
}

TEST(Traffic, LeavesOutLoopbackAndTheInnerBridgesOfAnEngineInTheContainer) {
  Traffic traffic;
  Rows charged, present;
  traffic.charge(line("lo", 1, 1) + line("docker0", 1, 1) + line("veth12ab", 1, 1) + line("nerdctl0", 1, 1) +
                     line("eth0", 1, 1) + line("tap0", 1, 1),
                 charged, present);
  ASSERT_EQ(present.size(), 2u);
  EXPECT_EQ(name_of(present[0]), "eth0");
  EXPECT_EQ(name_of(present[1]), "tap0");
}

TEST(Traffic, DoesNotRememberNamesWithoutEnd) {
  Traffic traffic;
  Rows charged, present;
  for (int i = 0; i < 1000; ++i) traffic.charge(line("if" + std::to_string(i), 1, 1), charged, present);
  EXPECT_LE(charged.size(), 65u);
  EXPECT_EQ(present.size(), 1u);
}

}  // namespace
}  // namespace benchd::network
