#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/tasks/rules/line_clock.h"

namespace benchd::rules {
namespace {

using testing::Eq;
using testing::HasSubstr;
using testing::Optional;

constexpr int64_t kS = 1'000'000'000;
constexpr int64_t kNewYear2025 = 1'735'689'600 * kS;  // 2025-01-01T00:00:00Z

TimeZone zone(const std::string& name) {
  const auto zone = TimeZone::named(name);
  EXPECT_TRUE(zone.ok()) << zone.error().message();
  return *zone;
}

std::optional<int64_t> found(std::string_view line, std::optional<int64_t> near = std::nullopt) {
  return LineClock(std::nullopt, TimeZone()).of_line(line, near);
}

struct Line {
  const char* text;
  int64_t nanoseconds;
};
class TimeAtTheHeadOfALine : public testing::TestWithParam<Line> {};

TEST_P(TimeAtTheHeadOfALine, IsFound) {
  EXPECT_THAT(found(GetParam().text, kNewYear2025 + 10 * 86'400 * kS), Optional(GetParam().nanoseconds))
      << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Formats, TimeAtTheHeadOfALine,
    testing::Values(Line{"2025-01-01 00:00:01 INFO x", kNewYear2025 + kS},
                    Line{"2025-01-01 00:00:00,123 INFO x", kNewYear2025 + 123'000'000},
                    Line{"2025-01-01T00:00:00.123456789Z x", kNewYear2025 + 123'456'789},
                    Line{"2025-01-01T01:00:00+01:00 x", kNewYear2025}, Line{"2024-12-31T19:00:00-0500 x", kNewYear2025},
                    Line{"2025-01-01 01:00:00 +0100 x", kNewYear2025}, Line{"20250101T000000Z x", kNewYear2025},
                    Line{"[2025-01-01 00:00:00 +0000] [7] [INFO] x", kNewYear2025},
                    Line{"INFO:2025-01-01 00:00:00:x", kNewYear2025}, Line{"2025/01/01 00:00:00 x", kNewYear2025},
                    Line{"2025/01/01 00:00:00.000123 main.go:7: x", kNewYear2025 + 123'000},
                    Line{R"(1.2.3.4 - - [01/Jan/2025:00:00:00 +0000] "GET / HTTP/1.1" 200 5)", kNewYear2025},
                    Line{R"(1.2.3.4 - - [31/Dec/2024:17:00:00 -0700] "GET / HTTP/1.1" 200 5)", kNewYear2025},
                    Line{R"(127.0.0.1 - - [01/Jan/2025 00:00:00] "GET / HTTP/1.1" 200 -)", kNewYear2025},
                    Line{"[GIN] 2025/01/01 - 00:00:00 | 200 |   105.780us", kNewYear2025},
                    Line{"2025.01.01 00:00:00.000123 [ 7 ] {} <Debug> x", kNewYear2025 + 123'000},
                    Line{"01-Jan-2025 00:00:00.123 INFO [main] x", kNewYear2025 + 123'000'000},
                    Line{"Jan  1 00:00:00 host app: x", kNewYear2025}, Line{"Jan 1 00:00:00 host app: x", kNewYear2025},
                    Line{"Dec 31 00:00:00 host app: x", kNewYear2025 - 86'400 * kS},
                    Line{"[Wed Jan 01 00:00:00.123456 2025] [error] x", kNewYear2025 + 123'456'000},
                    Line{"I0101 00:00:00.123456   7 main.go:7] x", kNewYear2025 + 123'456'000},
                    Line{"1735689600 x", kNewYear2025}, Line{"1735689600.5 x", kNewYear2025 + kS / 2},
                    Line{"1735689600123 x", kNewYear2025 + 123'000'000},
                    Line{"1735689600123456789", kNewYear2025 + 123'456'789},
                    Line{R"({"time":"2025-01-01T00:00:00Z","msg":"x"})", kNewYear2025},
                    Line{"time=2025-01-01T00:00:00.000Z level=INFO", kNewYear2025}));

TEST(FindTime, WhatLooksLikeATimeIsNone) {
  for (const char* line :
       {"", "task 4711 done", "12:00:00 only a clock", "2025-13-01 00:00:00", "2025-02-30 00:00:00",
        "2025-01-01 25:00:00", "2025-01-01", "123456789 x", "order 1735689600 done", "99999999999999999999 x", "May be",
        "Sun", "4.5.6-7-8 00:00:00", "2025.0101 00:00:00", "01-Jan/2025 00:00:00", "2025/01/01 -", "2025/01/01 - "}) {
    EXPECT_THAT(found(line, kNewYear2025), Eq(std::nullopt)) << line;
  }
}

TEST(FindTime, AYearIsGuessedOnlyFromSomethingKnown) {
  EXPECT_THAT(found("Jan  1 00:00:00 x"), Eq(std::nullopt));
  const int64_t leap_day = 1'709'164'800 * kS;  // 2024-02-29
  EXPECT_THAT(found("Feb 29 00:00:00 x", kNewYear2025), Optional(leap_day));
  // A clock that runs ahead of ours by minutes does not lose a year.
  EXPECT_THAT(found("Jan  1 00:05:00 x", kNewYear2025 - kS), Optional(kNewYear2025 + 300 * kS));
}

TEST(TimeZoneTest, WinterAndSummer) {
  const TimeZone paris = zone("Europe/Paris");
  EXPECT_EQ(paris.to_unix(1'735'689'600, std::nullopt), 1'735'689'600 - 3'600);  // 2025-01-01
  EXPECT_EQ(paris.to_unix(1'751'328'000, std::nullopt), 1'751'328'000 - 7'200);  // 2025-07-01
  EXPECT_EQ(paris.to_unix(1'735'689'601, std::nullopt), 1'735'689'601 - 3'600);
  EXPECT_EQ(zone("America/St_Johns").to_unix(1'735'689'600, std::nullopt), 1'735'689'600 + 12'600);
}

TEST(TimeZoneTest, TimeDoesNotGoBackWhereTheClocksArePutForward) {
  const TimeZone paris = zone("Europe/Paris");
  const int64_t two = 1'743'300'000;  // 2025-03-30T02:00:00 on the wall: skipped
  EXPECT_EQ(paris.to_unix(two - 1, std::nullopt), two - 1 - 3'600);
  EXPECT_EQ(paris.to_unix(two, std::nullopt), two - 3'600);
  EXPECT_EQ(paris.to_unix(two + 1'800, std::nullopt), two + 1'800 - 3'600);
  EXPECT_EQ(paris.to_unix(two + 3'600, std::nullopt), two + 3'600 - 7'200);  // 03:00 CEST
}

TEST(TimeZoneTest, AnHourThatComesTwiceIsTheOneNearTheEnginesStamp) {
  const TimeZone paris = zone("Europe/Paris");
  const int64_t half_past_two = 1'761'445'800;  // 2025-10-26T02:30:00 on the wall
  const int64_t first = half_past_two - 7'200;
  const int64_t second = half_past_two - 3'600;
  EXPECT_EQ(paris.to_unix(half_past_two, std::nullopt), first);
  EXPECT_EQ(paris.to_unix(half_past_two, first + 2), first);
  EXPECT_EQ(paris.to_unix(half_past_two, second + 2), second);
}

TEST(TimeZoneTest, UnknownZonesAreErrors) {
  EXPECT_THAT(TimeZone::named("Europe/Atlantis").error().message(), HasSubstr("no time zone"));
  EXPECT_FALSE(TimeZone::named("../../etc/passwd").ok());
  EXPECT_FALSE(TimeZone::named("").ok());
}

std::optional<int64_t> by_format(const char* format, std::string_view line,
                                 std::optional<int64_t> near = std::nullopt) {
  auto compiled = TimeFormat::compile(format);
  EXPECT_TRUE(compiled.ok()) << compiled.error().message();
  return LineClock(*std::move(compiled), TimeZone()).of_line(line, near);
}

TEST(TimeFormatTest, ReadsWhatStrptimeReads) {
  EXPECT_THAT(by_format("%Y-%m-%d %H:%M:%S", "2025-01-01 00:00:01 INFO"), Optional(kNewYear2025 + kS));
  EXPECT_THAT(by_format("%Y-%m-%d %H:%M:%S", "2025-01-01 00:00:01,5 INFO"), Optional(kNewYear2025 + 3 * kS / 2));
  EXPECT_THAT(by_format("%d.%m.%y %H:%M:%S.%f", "[01.01.25 00:00:00.25]"), Optional(kNewYear2025 + kS / 4));
  EXPECT_THAT(by_format("%d/%b/%Y:%T %z", "x [01/Jan/2025:01:00:00 +0100]"), Optional(kNewYear2025));
  EXPECT_THAT(by_format("%A, %d %B %Y %I:%M:%S %p", "Wednesday, 01 January 2025 12:00:00 AM"), Optional(kNewYear2025));
  EXPECT_THAT(by_format("%I:%M:%S %p %F", "12:00:01 PM 2025-01-01"), Optional(kNewYear2025 + 43'201 * kS));
  EXPECT_THAT(by_format("%Y %j %R", "2025 032 00:00"), Optional(kNewYear2025 + 31 * 86'400 * kS));
  EXPECT_THAT(by_format("t=%s", "t=1735689600 x"), Optional(kNewYear2025));
  EXPECT_THAT(by_format("%m-%d %T", "01-01 00:00:00 x", kNewYear2025), Optional(kNewYear2025));
  EXPECT_THAT(by_format("%F %T", "2025-01-01 at noon"), Eq(std::nullopt));
  EXPECT_THAT(by_format("%F %T", "2025-02-31 00:00:00"), Eq(std::nullopt));
}

TEST(TimeFormatTest, SaysWhatIsWrong) {
  EXPECT_THAT(TimeFormat::compile("%Q").error().message(), HasSubstr("%Q is no part of a time"));
  EXPECT_THAT(TimeFormat::compile("%H:%M").error().message(), HasSubstr("needs a day"));
  EXPECT_THAT(TimeFormat::compile("%F").error().message(), HasSubstr("needs an hour"));
  EXPECT_FALSE(TimeFormat::compile("%F %T %").ok());
}

}  // namespace
}  // namespace benchd::rules
