#include "collectors/tasks/rules/written_time.h"

#include <algorithm>
#include <chrono>
#include <iterator>

namespace benchd::rules {
namespace {

constexpr size_t kSearched = 128;

bool digit(char c) {
  return c >= '0' && c <= '9';
}

bool alphanumeric(char c) {
  return digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Reads fixed shapes off a text; once something does not fit, nothing does any more.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  explicit operator bool() const { return good_; }
  size_t at() const { return at_; }
  std::string_view rest() const { return text_.substr(at_); }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip(size_t bytes) { at_ += bytes; }

  int64_t digits(size_t count) {
    int64_t value = 0;
    for (size_t i = 0; i < count; ++i, ++at_) {
      if (!digit(peek())) {
        good_ = false;
        return 0;
      }
      value = value * 10 + (text_[at_] - '0');
    }
    return value;
  }

  /// One of these characters.
  void one_of(std::string_view characters) {
    if (at_ < text_.size() && characters.find(text_[at_]) != std::string_view::npos) {
      ++at_;
    } else {
      good_ = false;
    }
  }

  /// "Oct"
  int64_t month() {
    const int64_t month = month_named(rest());
    good_ = good_ && month > 0;
    at_ += 3;
    return month;
  }

 private:
  std::string_view text_;
  size_t at_ = 0;
  bool good_ = true;
};

struct Clock {
  int64_t hour = 0;
  int64_t minute = 0;
  int64_t second = 0;
  int64_t nanoseconds = 0;
};

/// "15:04:05", or "150405", and a fraction.
Clock take_clock(Cursor& cursor, bool colons) {
  Clock clock;
  clock.hour = cursor.digits(2);
  if (colons) cursor.one_of(":");
  clock.minute = cursor.digits(2);
  if (colons) cursor.one_of(":");
  clock.second = cursor.digits(2);
  const std::string_view rest = cursor.rest();
  if (cursor && rest.size() > 1 && (rest[0] == '.' || rest[0] == ',') && digit(rest[1])) {
    size_t length = 0;
    clock.nanoseconds = take_fraction(rest.substr(1), length);
    cursor.skip(1 + length);
  }
  return clock;
}

struct Day {
  int64_t year = 0;
  int64_t month = 0;
  int64_t day = 0;
};

WrittenTime finish(Cursor& cursor, const Day& day, const Clock& clock, bool may_have_zone) {
  if (!cursor || digit(cursor.peek())) return {};
  const auto wall = wall_seconds(day.year, day.month, day.day, clock.hour, clock.minute, clock.second);
  if (!wall) return {};
  WrittenTime time{.seconds = *wall, .nanoseconds = clock.nanoseconds, .length = cursor.at()};
  if (!may_have_zone) return time;
  const WrittenOffset offset = take_offset(cursor.rest());
  if (offset.length == 0) return time;
  time.zoned = true;
  time.seconds -= offset.seconds;
  time.length += offset.length;
  return time;
}

/// "2025-01-01T12:00:00", "2009/11/10 23:00:00", "2009/11/10 - 23:00:00", "2009.11.10 23:00:00"
WrittenTime take_iso(std::string_view text, char separator) {
  const std::string_view separators(&separator, 1);
  Cursor cursor(text);
  Day day;
  day.year = cursor.digits(4);
  cursor.one_of(separators);
  day.month = cursor.digits(2);
  cursor.one_of(separators);
  day.day = cursor.digits(2);
  cursor.one_of(separator == '-' ? "Tt _" : " ");
  if (separator == '/' && cursor.rest().starts_with("- ")) cursor.skip(2);
  return finish(cursor, day, take_clock(cursor, true), separator == '-');
}

/// "20250101T120000Z"
WrittenTime take_basic_iso(std::string_view text) {
  Cursor cursor(text);
  Day day;
  day.year = cursor.digits(4);
  day.month = cursor.digits(2);
  day.day = cursor.digits(2);
  cursor.one_of("T");
  return finish(cursor, day, take_clock(cursor, false), true);
}

/// "10/Oct/2000:13:55:36 -0700", "10/Oct/2000 13:55:36", "10-Oct-2000 13:55:36.123"
WrittenTime take_common_log(std::string_view text, char separator) {
  const std::string_view separators(&separator, 1);
  Cursor cursor(text);
  Day day;
  day.day = cursor.digits(2);
  cursor.one_of(separators);
  day.month = cursor.month();
  cursor.one_of(separators);
  day.year = cursor.digits(4);
  cursor.one_of(": ");
  return finish(cursor, day, take_clock(cursor, true), true);
}

constexpr int64_t kUnknownYear = 1972;

/// "Jan  2 15:04:05", and with the weekday and the year around it that asctime has.
WrittenTime take_syslog(std::string_view text) {
  Cursor cursor(text);
  const bool weekday = month_named(text) == 0;
  if (weekday) {
    cursor.skip(3);
    cursor.one_of(" ");
  }
  Day day{.year = kUnknownYear};
  day.month = cursor.month();
  cursor.one_of(" ");
  if (cursor.peek() == ' ') cursor.skip(1);
  const std::string_view rest = cursor.rest();
  day.day = cursor.digits(rest.size() > 1 && digit(rest[1]) ? 2 : 1);
  cursor.one_of(" ");
  const Clock clock = take_clock(cursor, true);
  bool yearless = true;
  if (weekday) {
    cursor.one_of(" ");
    day.year = cursor.digits(4);
    yearless = false;
  }
  WrittenTime time = finish(cursor, day, clock, false);
  time.yearless = yearless;
  return time;
}

/// "I0102 15:04:05.123456"
WrittenTime take_klog(std::string_view text) {
  Cursor cursor(text);
  cursor.one_of("IWEF");
  Day day{.year = kUnknownYear};
  day.month = cursor.digits(2);
  day.day = cursor.digits(2);
  cursor.one_of(" ");
  WrittenTime time = finish(cursor, day, take_clock(cursor, true), false);
  time.yearless = true;
  return time;
}

WrittenTime take_unix(std::string_view text) {
  size_t digits = 0;
  uint64_t value = 0;
  while (digits < text.size() && digits < 20 && digit(text[digits])) {
    value = value * 10 + static_cast<uint64_t>(text[digits] - '0');
    ++digits;
  }
  uint64_t per_second = 0;
  switch (digits) {
    case 10:
      per_second = 1;
      break;
    case 13:
      per_second = 1'000;
      break;
    case 16:
      per_second = 1'000'000;
      break;
    case 19:
      per_second = 1'000'000'000;
      break;
    default:
      return {};
  }
  WrittenTime time{.seconds = static_cast<int64_t>(value / per_second),
                   .nanoseconds = static_cast<int64_t>(value % per_second * (1'000'000'000 / per_second)),
                   .zoned = true,
                   .length = digits};
  if (time.seconds < 1'000'000'000) return {};  // before 2001
  if (per_second == 1 && digits + 1 < text.size() && text[digits] == '.' && digit(text[digits + 1])) {
    size_t length = 0;
    time.nanoseconds = take_fraction(text.substr(digits + 1), length);
    time.length += 1 + length;
  }
  if (time.length < text.size() && alphanumeric(text[time.length])) return {};
  return time;
}

/// take_time() but for Unix times.
WrittenTime take_shaped(std::string_view text) {
  constexpr size_t kShortest = 14;  // "Jan 2 15:04:05"
  if (text.size() < kShortest) return {};
  if (digit(text[0])) {
    if (text[4] == '-') return take_iso(text, '-');
    if (text[4] == '/' || text[4] == '.') return take_iso(text, text[4]);
    if (text[2] == '/' || text[2] == '-') return take_common_log(text, text[2]);
    if (text[8] == 'T') return take_basic_iso(text);
    return {};
  }
  if (digit(text[1])) return take_klog(text);
  const bool month = text[3] == ' ' && text[0] >= 'A' && text[0] <= 'W';
  return month ? take_syslog(text) : WrittenTime{};
}

}  // namespace

std::optional<int64_t> wall_seconds(int64_t year, int64_t month, int64_t day, int64_t hour, int64_t minute,
                                    int64_t second) {
  using namespace std::chrono;
  const year_month_day date(std::chrono::year(static_cast<int>(year)), std::chrono::month(static_cast<unsigned>(month)),
                            std::chrono::day(static_cast<unsigned>(day)));
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  return sys_days(date).time_since_epoch().count() * int64_t{86'400} + hour * 3600 + minute * 60 + second;
}

int64_t month_named(std::string_view text) {
  constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto* found = std::find(std::begin(kMonths), std::end(kMonths), text.substr(0, 3));
  return found == std::end(kMonths) ? 0 : found - std::begin(kMonths) + 1;
}

WrittenTime take_time(std::string_view text) {
  const WrittenTime shaped = take_shaped(text);
  return shaped.length > 0 ? shaped : take_unix(text);
}

WrittenTime find_time(std::string_view line) {
  if (const WrittenTime time = take_time(line); time.length > 0) return time;
  const size_t end = std::min(line.size(), kSearched);
  for (size_t i = 1; i < end; ++i) {
    // Only where something begins.
    if (!alphanumeric(line[i]) || alphanumeric(line[i - 1])) continue;
    const WrittenTime time = take_shaped(line.substr(i));
    if (time.length > 0) return time;
  }
  // "[1735732800.123] …"
  if (!line.empty() && line[0] == '[') return take_unix(line.substr(1));
  return {};
}

WrittenOffset take_offset(std::string_view text) {
  size_t i = text.starts_with(' ') ? 1 : 0;
  if (text.substr(i, 1) == "Z" || text.substr(i, 1) == "z") {
    const bool alone = text.size() == i + 1 || !alphanumeric(text[i + 1]);
    return alone && i == 0 ? WrittenOffset{.length = 1} : WrittenOffset{};
  }
  if (text.substr(i, 3) == "UTC" || text.substr(i, 3) == "GMT") return {.length = i + 3};
  if (i >= text.size() || (text[i] != '+' && text[i] != '-')) return {};
  const int64_t sign = text[i] == '-' ? -1 : 1;
  Cursor cursor(text.substr(i + 1));
  const int64_t hours = cursor.digits(2);
  if (!cursor || hours > 23) return {};
  int64_t minutes = 0;
  if (cursor.peek() == ':') cursor.skip(1);
  if (digit(cursor.peek())) {
    minutes = cursor.digits(2);
  } else if (i > 0) {
    return {};  // " -12": a number
  }
  if (!cursor || minutes > 59 || digit(cursor.peek())) return {};
  return {.seconds = sign * (hours * 3600 + minutes * 60), .length = i + 1 + cursor.at()};
}

int64_t take_fraction(std::string_view text, size_t& length) {
  int64_t nanoseconds = 0;
  int64_t place = 100'000'000;
  length = 0;
  for (; length < text.size() && digit(text[length]); ++length, place /= 10)
    nanoseconds += place * (text[length] - '0');
  return nanoseconds;
}

}  // namespace benchd::rules
