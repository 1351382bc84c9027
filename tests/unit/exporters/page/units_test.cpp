#include "exporters/page/units.h"

#include <gtest/gtest.h>

namespace benchd::page {
namespace {

TEST(Bytes, HasThreeDigitsAtMost) {
  EXPECT_EQ(bytes(0), "0 B");
  EXPECT_EQ(bytes(999), "999 B");
  EXPECT_EQ(bytes(1023.6), "1.0 KiB");
  EXPECT_EQ(bytes(1024), "1.0 KiB");
  EXPECT_EQ(bytes(9.94 * 1024), "9.9 KiB");
  EXPECT_EQ(bytes(9.96 * 1024), "10 KiB");
  EXPECT_EQ(bytes(1023.4 * 1024), "1023 KiB");
  EXPECT_EQ(bytes(1.5 * 1024 * 1024 * 1024), "1.5 GiB");
  EXPECT_EQ(bytes(18446744073709551615.0), "16 EiB");
}

TEST(Age, UsesTheLargestUnitThatSaysEnough) {
  EXPECT_EQ(age(-1), "0 ms");
  EXPECT_EQ(age(0.25), "250 ms");
  EXPECT_EQ(age(119.9), "119 s");
  EXPECT_EQ(age(120), "2 min");
  EXPECT_EQ(age(7200), "2 h");
  EXPECT_EQ(age(172'800), "2 d");
}

TEST(CpuTime, GroupsThousands) {
  EXPECT_EQ(cpu_time(0), "0.00 s");
  EXPECT_EQ(cpu_time(9.996), "10.0 s");
  EXPECT_EQ(cpu_time(999.96), "1,000 s");
  EXPECT_EQ(cpu_time(1'234'567), "1,234,567 s");
}

TEST(Percent, HasOneDigitBelowTen) {
  EXPECT_EQ(percent(0), "0.0 %");
  EXPECT_EQ(percent(0.0994), "9.9 %");
  EXPECT_EQ(percent(0.0996), "10 %");
  EXPECT_EQ(percent(4.123), "412 %");
}

TEST(Utc, IsReadable) {
  EXPECT_EQ(utc(0), "1970-01-01 00:00:00 UTC");
  EXPECT_EQ(utc(1'767'225'599'999'999'999), "2025-12-31 23:59:59 UTC");
}

}  // namespace
}  // namespace benchd::page
