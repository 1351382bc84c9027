#include "collectors/tasks/rules/quantity.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace benchd::rules {
namespace {

using testing::Eq;
using testing::Optional;

constexpr int64_t kUs = 1'000;
constexpr int64_t kMs = 1'000'000;
constexpr int64_t kS = 1'000'000'000;

struct Written {
  const char* text;
  Unit unit;
  int64_t nanoseconds;
};

class EveryWayToWriteADuration : public testing::TestWithParam<Written> {};

TEST_P(EveryWayToWriteADuration, IsRead) {
  EXPECT_THAT(parse_duration(GetParam().text, GetParam().unit), Optional(GetParam().nanoseconds)) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(BareNumbersInTheRulesUnit, EveryWayToWriteADuration,
                         testing::Values(Written{"123.4", Unit::Millisecond, 123'400'000},
                                         Written{"0", Unit::Second, 0}, Written{"7", Unit::Nanosecond, 7},
                                         Written{"7", Unit::Microsecond, 7 * kUs},
                                         Written{"1.5", Unit::Minute, 90 * kS}, Written{"2", Unit::Hour, 7200 * kS},
                                         Written{" 12 ", Unit::Second, 12 * kS}, Written{".5", Unit::Second, kS / 2},
                                         Written{"0.1234567894", Unit::Second, 123'456'789},
                                         Written{"0.1234567895", Unit::Second, 123'456'790},
                                         Written{"1.2e-05", Unit::Second, 12 * kUs},
                                         Written{"1E3", Unit::Millisecond, kS},
                                         Written{"0.0000000000000000000000000000000000000000001", Unit::Second, 0},
                                         Written{"0.10000000000000000555111512312578", Unit::Second, kS / 10},
                                         Written{"9223372036854775807", Unit::Nanosecond, INT64_MAX}));

INSTANTIATE_TEST_SUITE_P(
    Separators, EveryWayToWriteADuration,
    testing::Values(Written{"1,5", Unit::Millisecond, 1'500 * kUs}, Written{"1,234", Unit::Second, 1'234 * kMs},
                    Written{"1,234.5", Unit::Millisecond, 1'234'500 * kUs},
                    Written{"1.234,5", Unit::Millisecond, 1'234'500 * kUs},
                    Written{"1,234,567", Unit::Nanosecond, 1'234'567},
                    Written{"1.234.567", Unit::Nanosecond, 1'234'567},
                    Written{"1_000_000", Unit::Nanosecond, 1'000'000}, Written{"12'345", Unit::Nanosecond, 12'345},
                    Written{"1\u00A0234,5", Unit::Nanosecond, 1'235}, Written{"1\u202F234", Unit::Nanosecond, 1'234},
                    Written{"1 234,5", Unit::Nanosecond, 1'235}, Written{"12 345 678", Unit::Nanosecond, 12'345'678}));

INSTANTIATE_TEST_SUITE_P(
    WithUnits, EveryWayToWriteADuration,
    testing::Values(Written{"1.2s", Unit::Auto, 1'200 * kMs}, Written{"1,5 ms", Unit::Auto, 1'500 * kUs},
                    Written{"950ns", Unit::Auto, 950}, Written{"12.5\u00B5s", Unit::Auto, 12'500},
                    Written{"12.5\u03BCs", Unit::Auto, 12'500}, Written{"3us", Unit::Auto, 3'000},
                    Written{"3m4s", Unit::Auto, 184 * kS}, Written{"1h2m3.5s", Unit::Auto, 3'723'500 * kMs},
                    Written{"1 hour, 2 minutes and 3 seconds", Unit::Auto, 3'723 * kS},
                    Written{"2 min 30 sec", Unit::Auto, 150 * kS}, Written{"45 msec", Unit::Auto, 45 * kMs},
                    Written{"3 MS", Unit::Auto, 3 * kMs}, Written{"10 Seconds", Unit::Auto, 10 * kS},
                    Written{"2 days 3 hours", Unit::Auto, 51 * 3600 * kS}, Written{"1 d", Unit::Auto, 86'400 * kS},
                    Written{"1 s", Unit::Millisecond, kS}));

INSTANTIATE_TEST_SUITE_P(ClocksAndIso, EveryWayToWriteADuration,
                         testing::Values(Written{"00:01:02.5", Unit::Auto, 62'500 * kMs},
                                         Written{"0:00:01.234567", Unit::Auto, 1'234'567 * kUs},
                                         Written{"1:02", Unit::Auto, 62 * kS},
                                         Written{"1 day, 0:00:01", Unit::Auto, 86'401 * kS},
                                         Written{"2 days, 1:00:00.5", Unit::Auto, (2 * 86'400 + 3'600) * kS + kS / 2},
                                         Written{"123:00:00", Unit::Auto, 123 * 3600 * kS},
                                         Written{"PT1.5S", Unit::Auto, 1'500 * kMs},
                                         Written{"PT0.001S", Unit::Auto, kMs},
                                         Written{"P1DT2H3M4S", Unit::Auto, (86'400 + 7'200 + 180 + 4) * kS},
                                         Written{"00:00:02", Unit::Second, 2 * kS}));

class WhatIsNoDuration : public testing::TestWithParam<Written> {};

TEST_P(WhatIsNoDuration, IsNotTakenForOne) {
  EXPECT_THAT(parse_duration(GetParam().text, GetParam().unit), Eq(std::nullopt)) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Texts, WhatIsNoDuration,
    testing::Values(Written{"", Unit::Second}, Written{"soon", Unit::Second}, Written{"-1", Unit::Second},
                    Written{"nan", Unit::Second}, Written{"inf", Unit::Second}, Written{"12", Unit::Auto},
                    Written{"12 apples", Unit::Auto}, Written{"12 apples", Unit::Second}, Written{"1s2h", Unit::Auto},
                    Written{"P1Y", Unit::Auto}, Written{"P", Unit::Auto}, Written{"1:2:3:4", Unit::Auto},
                    Written{"00:99", Unit::Auto}, Written{"1e400", Unit::Second},
                    Written{"9223372036854775807", Unit::Second},
                    Written{"99999999999999999999999999999999999999999999", Unit::Nanosecond},
                    Written{"1e", Unit::Second}, Written{"1.2.3", Unit::Second}, Written{"999999999999h1s", Unit::Auto},
                    Written{"1 234", Unit::Auto}, Written{"1 23", Unit::Second}, Written{"1234 567", Unit::Second},
                    Written{"1 234 56", Unit::Second}, Written{"1  234", Unit::Second}));

TEST(Number, OfAListIsItsFirst) {
  EXPECT_THAT(take_number("12.5,13.1", 1000).value, 12'500);
  EXPECT_THAT(take_number("12.5,13.1", 1000).length, 4);
  EXPECT_THAT(take_number("12, 13", 1).length, 2);
  EXPECT_THAT(take_number("12.", 1).length, 2);
}

TEST(Duration, EndsWhereTheTextGoesOn) {
  EXPECT_THAT(take_duration("1.2s (retry 0)").length, 4);
  EXPECT_THAT(take_duration("1 h, 5 apples").length, 3);
  EXPECT_THAT(take_duration("3m4s5").length, 4);
}

TEST(Count, IsWhole) {
  EXPECT_THAT(parse_count("500"), Optional(500));
  EXPECT_THAT(parse_count("1,000"), Optional(1'000));
  EXPECT_THAT(parse_count("1_000_000"), Optional(1'000'000));
  EXPECT_THAT(parse_count("12.0"), Optional(12));
  EXPECT_THAT(parse_count("12 345 678"), Optional(12'345'678));
  EXPECT_THAT(parse_count("12 34"), Eq(std::nullopt));
  EXPECT_THAT(parse_count("1.5"), Eq(std::nullopt));
  EXPECT_THAT(parse_count("-3"), Eq(std::nullopt));
  EXPECT_THAT(parse_count("many"), Eq(std::nullopt));
  EXPECT_THAT(parse_count("99999999999999999999"), Eq(std::nullopt));
}

}  // namespace
}  // namespace benchd::rules
