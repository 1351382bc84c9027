#include "collectors/tasks/logs/record.h"

namespace benchd::logs {
namespace {

/// The decimal number of `digits` digits at `at`; -1 if there is something else.
int number_at(std::string_view text, size_t at, size_t digits) {
  int value = 0;
  for (size_t i = at; i < at + digits; ++i) {
    const unsigned digit = static_cast<unsigned char>(text[i]) - unsigned{'0'};
    if (digit > 9) return -1;
    value = value * 10 + static_cast<int>(digit);
  }
  return value;
}

/// Days since 1970 in the proleptic Gregorian calendar (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
int64_t days_from_civil(int64_t year, int64_t month, int64_t day) {
  year -= month <= 2 ? 1 : 0;
  const int64_t era = year / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

/// Seconds that the zone is ahead of UTC: "Z" or "±hh:mm".
std::optional<int> parse_zone(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  const int hours = number_at(text, 1, 2);
  const int minutes = number_at(text, 4, 2);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
  return (text[0] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
}

}  // namespace

std::optional<int64_t> parse_stamp(std::string_view text) {
  constexpr size_t kSeconds = std::string_view("2025-01-02T03:04:05").size();
  if (text.size() <= kSeconds || text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != 't') ||
      text[13] != ':' || text[16] != ':')
    return std::nullopt;
  const int year = number_at(text, 0, 4);
  const int month = number_at(text, 5, 2);
  const int day = number_at(text, 8, 2);
  const int64_t hour = number_at(text, 11, 2);
  const int64_t minute = number_at(text, 14, 2);
  const int second = number_at(text, 17, 2);
  if (year < 1678 || year > 2261 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || hour > 23 ||
      minute < 0 || minute > 59 || second < 0 || second > 60)
    return std::nullopt;
  text.remove_prefix(kSeconds);

  int64_t nanoseconds = 0;
  if (text[0] == '.') {
    size_t i = 1;
    int64_t weight = 100'000'000;
    for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i, weight /= 10)
      nanoseconds += weight * (text[i] - '0');
    if (i == 1) return std::nullopt;
    text.remove_prefix(i);
  }
  const auto zone = parse_zone(text);
  if (!zone) return std::nullopt;
  const int64_t seconds = days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - *zone;
  return seconds * 1'000'000'000 + nanoseconds;
}

}  // namespace benchd::logs
