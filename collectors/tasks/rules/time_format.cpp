#include "collectors/tasks/rules/time_format.h"

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace benchd::rules {
namespace {

using base::Error;
using base::Result;

constexpr size_t kSearched = 128;
constexpr std::string_view kSpecifiers = "YymbBdejHIpMSfzZaAsFTDRnt%";

/// What has been read so far.
struct Parts {
  int64_t year = 1972;
  int64_t month = 1;
  int64_t day = 1;
  int64_t day_of_year = 0;
  int64_t hour = 0;
  int64_t minute = 0;
  int64_t second = 0;
  int64_t nanoseconds = 0;
  bool half_day = false;  ///< %I
  bool afternoon = false;
  std::optional<int64_t> offset;
  std::optional<int64_t> unix_seconds;
};

bool letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

size_t letters(std::string_view text) {
  return static_cast<size_t>(std::find_if_not(text.begin(), text.end(), letter) - text.begin());
}

/// Up to `most` digits; false if there is none. strptime's numbers may have blanks before them (%e).
bool take_digits(std::string_view& rest, size_t most, int64_t& value) {
  if (rest.starts_with(' ')) rest.remove_prefix(1);
  size_t length = 0;
  while (length < most && length < rest.size() && rest[length] >= '0' && rest[length] <= '9') ++length;
  const auto number = base::parse_integer<int64_t>(rest.substr(0, length));
  if (!number) return false;
  value = *number;
  rest.remove_prefix(length);
  return true;
}

bool take_month(std::string_view& rest, int64_t& month) {
  month = month_named(rest);
  rest.remove_prefix(letters(rest));  // "%b" and "%B" each take both forms, as strptime's do
  return month > 0;
}

bool take_specifier(char specifier, std::string_view& rest, Parts& parts) {
  size_t length = 0;
  switch (specifier) {
    case 'Y':
      return take_digits(rest, 4, parts.year);
    case 'y':
      if (!take_digits(rest, 2, parts.year)) return false;
      parts.year += parts.year < 69 ? 2000 : 1900;
      return true;
    case 'm':
      return take_digits(rest, 2, parts.month);
    case 'b':
    case 'B':
      return take_month(rest, parts.month);
    case 'd':
    case 'e':
      return take_digits(rest, 2, parts.day);
    case 'j':
      return take_digits(rest, 3, parts.day_of_year);
    case 'I':
      parts.half_day = true;
      return take_digits(rest, 2, parts.hour);
    case 'H':
      return take_digits(rest, 2, parts.hour);
    case 'p':
      parts.afternoon = rest.starts_with('P') || rest.starts_with('p');
      length = letters(rest);
      rest.remove_prefix(length);
      return length == 2;
    case 'M':
      return take_digits(rest, 2, parts.minute);
    case 'S':
      return take_digits(rest, 2, parts.second);
    case 'f':
      parts.nanoseconds = take_fraction(rest, length);
      rest.remove_prefix(length);
      return length > 0;
    case 'z': {
      const WrittenOffset offset = take_offset(rest);
      parts.offset = offset.seconds;
      rest.remove_prefix(offset.length);
      return offset.length > 0;
    }
    case 's': {
      int64_t value = 0;
      if (!take_digits(rest, 11, value)) return false;
      parts.unix_seconds = value;
      return true;
    }
    case 'Z':
      if (rest.starts_with("UTC") || rest.starts_with("GMT")) parts.offset = 0;
      [[fallthrough]];
    case 'a':
    case 'A':
      length = letters(rest);
      rest.remove_prefix(length);
      return length > 0;
    default:
      return false;
  }
}

}  // namespace

Result<TimeFormat> TimeFormat::compile(std::string_view format) {
  TimeFormat result;
  std::string seen;
  std::string expanded;
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      expanded += format[i];
      continue;
    }
    const char specifier = ++i < format.size() ? format[i] : ' ';
    if (kSpecifiers.find(specifier) == std::string_view::npos) {
      std::string known;
      for (const char c : kSpecifiers) known.append(known.empty() ? "%" : " %").append(1, c);
      return Error{.attempt = "%" + std::string(1, specifier) + " is no part of a time; known are " + known};
    }
    switch (specifier) {
      case 'F':
        expanded += "%Y-%m-%d";
        break;
      case 'T':
        expanded += "%H:%M:%S";
        break;
      case 'D':
        expanded += "%m/%d/%y";
        break;
      case 'R':
        expanded += "%H:%M";
        break;
      case 'n':
      case 't':
        expanded += ' ';
        break;
      default:
        expanded.append("%").append(1, specifier);
    }
  }
  for (size_t i = 0; i < expanded.size(); ++i) {
    if (expanded[i] != '%') {
      result.steps_.push_back({.character = expanded[i] == '\t' ? ' ' : expanded[i]});
    } else if (expanded[++i] == '%') {
      result.steps_.push_back({.character = '%'});
    } else {
      result.steps_.push_back({.specifier = expanded[i]});
      seen += expanded[i];
    }
  }
  const auto has = [&](std::string_view any) { return seen.find_first_of(any) != std::string::npos; };
  result.year_ = has("Yys");
  const bool date = has("s") || (has("mbB") && has("de")) || (has("Yy") && has("j"));
  if (!date) return Error{.attempt = "a time needs a day: %m and %d, or %F, or %s"};
  if (!has("s") && !has("HI")) return Error{.attempt = "a time needs an hour: %H, or %T"};
  return result;
}

WrittenTime TimeFormat::take(std::string_view text) const {
  Parts parts;
  std::string_view rest = text;
  for (const Step& step : steps_) {
    if (step.specifier != 0) {
      if (!take_specifier(step.specifier, rest, parts)) return {};
    } else if (step.character == ' ') {
      rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
    } else if (rest.starts_with(step.character)) {
      rest.remove_prefix(1);
    } else {
      return {};
    }
  }
  // "%H:%M:%S" is said of "12:00:00,123" too.
  const bool fraction = rest.size() > 1 && (rest[0] == '.' || rest[0] == ',') && rest[1] >= '0' && rest[1] <= '9';
  if (fraction && !steps_.empty() && steps_.back().specifier == 'S') {
    size_t length = 0;
    parts.nanoseconds = take_fraction(rest.substr(1), length);
    rest.remove_prefix(1 + length);
  }
  WrittenTime time{.nanoseconds = parts.nanoseconds, .yearless = !year_, .length = text.size() - rest.size()};
  if (parts.unix_seconds) {
    time.seconds = *parts.unix_seconds;
    time.zoned = true;
    return time;
  }
  if (parts.half_day) {
    if (parts.hour < 1 || parts.hour > 12) return {};
    parts.hour = parts.hour % 12 + (parts.afternoon ? 12 : 0);
  }
  if (parts.day_of_year > 366 || parts.month > 12 || parts.day > 31) return {};
  auto wall = wall_seconds(parts.year, parts.month, parts.day, parts.hour, parts.minute, parts.second);
  if (!wall) return {};
  if (parts.day_of_year > 0) *wall += (parts.day_of_year - 1) * 86'400;
  time.seconds = *wall - parts.offset.value_or(0);
  time.zoned = parts.offset.has_value();
  return time;
}

WrittenTime TimeFormat::find(std::string_view line) const {
  constexpr std::string_view kBefore = " \t[(<{\"'=:|,;";
  const size_t end = std::min(line.size(), kSearched);
  for (size_t i = 0; i < end; ++i) {
    if (i > 0 && kBefore.find(line[i - 1]) == std::string_view::npos) continue;
    const WrittenTime time = take(line.substr(i));
    if (time.length > 0) return time;
  }
  return {};
}

}  // namespace benchd::rules
