#include "exporters/prometheus/number.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace benchd::exposition {
namespace {

std::string text(Number number) {
  char buffer[Number::kMaxLength];
  return {buffer, number.write(buffer)};
}

/// What prometheus-cpp writes.
std::string reference(double value) {
  char buffer[Number::kMaxLength];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::general, 16).ptr};
}

TEST(Number, WritesMicrosecondsInSeconds) {
  EXPECT_EQ(text(Number::microseconds(0)), "0");
  EXPECT_EQ(text(Number::microseconds(1)), "1e-06");
  EXPECT_EQ(text(Number::microseconds(100)), "0.0001");
  EXPECT_EQ(text(Number::microseconds(1'500'000)), "1.5");
  EXPECT_EQ(text(Number::microseconds(3'000'000)), "3");
  EXPECT_EQ(text(Number::microseconds(12'345'678'901)), "12345.678901");
}

TEST(Number, WritesTheNearestDoubleWhereTheDecimalIsNotWhatItsDigitsRead) {
  EXPECT_EQ(text(Number::microseconds(9'950'000)), "9.949999999999999");
}

TEST(Number, WritesDurationsOfEverySizeAsTheReferenceDoes) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 300'000; ++i) {
    const uint64_t value = random() >> (random() % 64);
    ASSERT_EQ(text(Number::microseconds(value)), reference(static_cast<double>(value) / 1e6)) << value;
  }
}

TEST(Number, WritesDurationsNearTheBoundsOfItsShortCutAsTheReferenceDoes) {
  for (uint64_t power = 1; power < 1ULL << 40; power *= 2) {
    for (uint64_t decade = 1; decade <= 1'000'000'000'000; decade *= 10) {
      for (const uint64_t value : {power * decade - 1, power * decade, power * decade + 1})
        ASSERT_EQ(text(Number::microseconds(value)), reference(static_cast<double>(value) / 1e6)) << value;
    }
  }
}

TEST(Number, WritesWholeNumbersAsTheReferenceDoes) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 100'000; ++i) {
    const uint64_t value = random() >> (random() % 64);
    ASSERT_EQ(text(Number::count(value)), reference(static_cast<double>(value))) << value;
  }
  EXPECT_EQ(text(Number::count(9'007'199'254'740'991)), "9007199254740991");
  EXPECT_EQ(text(Number::count(9'007'199'254'740'993)), "9007199254740992");
  EXPECT_EQ(text(Number::count(10'000'000'000'000'000)), "1e+16");
  EXPECT_EQ(text(Number::count(std::numeric_limits<uint64_t>::max())), "1.844674407370955e+19");
}

TEST(Number, KeepsNanosecondsThatAreNoMicroseconds) {
  EXPECT_EQ(text(Number::nanoseconds(1'500'000'001)), "1.500000001");
  EXPECT_EQ(text(Number::nanoseconds(20'000'000)), "0.02");
}

TEST(Number, NamesWhatIsNoNumber) {
  EXPECT_EQ(text(Number::infinite()), "+Inf");
  EXPECT_EQ(text(Number::real(-std::numeric_limits<double>::infinity())), "-Inf");
  EXPECT_EQ(text(Number::real(std::nan(""))), "Nan");
  EXPECT_EQ(text(Number::real(-1)), "-1");
}

}  // namespace
}  // namespace benchd::exposition
