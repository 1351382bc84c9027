#include <algorithm>
#include <array>
#include <limits>

#include "base/text.h"
#include "collectors/tasks/rules/digits.h"
#include "collectors/tasks/rules/quantity.h"

namespace benchd::rules {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

int64_t nanoseconds_of(Unit unit) {
  constexpr int64_t kFactors[] = {0, 1, 1'000, 1'000'000, kSecond, 60 * kSecond, 3600 * kSecond};
  return kFactors[static_cast<size_t>(unit)];
}

bool letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Length of the word of letters at the front, a micro sign of two bytes being one.
size_t word_length(std::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    if (letter(text[i])) {
      ++i;
    } else if (text.substr(i, 2) == "\xC2\xB5" || text.substr(i, 2) == "\xCE\xBC") {
      i += 2;
    } else {
      break;
    }
  }
  return i;
}

size_t blanks_at(std::string_view text) {
  return std::min(text.find_first_not_of(" \t"), text.size());
}

/// "1 day, " or "2 days " before a clock.
Taken take_days(std::string_view text) {
  size_t i = 0;
  while (digit_at(text, i)) ++i;
  const auto days = base::parse_integer<int64_t>(text.substr(0, i));
  if (!days || *days > 100'000) return {};
  i += blanks_at(text.substr(i));
  const size_t word = word_length(text.substr(i));
  const std::string_view name = text.substr(i, word);
  if (name != "day" && name != "days" && name != "d") return {};
  i += word;
  if (i < text.size() && text[i] == ',') ++i;
  i += blanks_at(text.substr(i));
  return {.value = *days * 86'400 * kSecond, .length = i};
}

/// "[H:]MM:SS[.fff]"; the first part has any number of digits, the others two.
Taken take_clock(std::string_view text) {
  std::array<int64_t, 3> parts{};
  size_t count = 0;
  size_t i = 0;
  while (count < parts.size()) {
    const size_t first = i;
    int64_t value = 0;
    while (digit_at(text, i) && i < first + 7) value = value * 10 + (text[i++] - '0');
    const size_t digits = i - first;
    if (digits == 0 || digit_at(text, i) || (count > 0 && (digits != 2 || value > 59))) return {};
    parts.at(count++) = value;
    if (i >= text.size() || text[i] != ':' || !digit_at(text, i + 1)) break;
    ++i;
  }
  if (count < 2) return {};
  int64_t seconds = 0;
  for (size_t part = 0; part < count; ++part) seconds = seconds * 60 + parts.at(part);
  int64_t fraction = 0;
  if (i < text.size() && (text[i] == '.' || text[i] == ',') && digit_at(text, i + 1)) {
    ++i;
    for (int64_t place = kSecond / 10; digit_at(text, i); ++i, place /= 10) fraction += place * (text[i] - '0');
  }
  if (i < text.size() && text[i] == ':') return {};  // four parts: no duration
  return {.value = seconds * kSecond + fraction, .length = i};
}

/// "P1DT2H3M4.5S": months and years have no length, and are refused.
Taken take_iso(std::string_view text) {
  if (text.empty() || text[0] != 'P') return {};
  size_t i = 1;
  bool time = false;
  bool any = false;
  int64_t sum = 0;
  while (i < text.size()) {
    if (text[i] == 'T' && !time) {
      time = true;
      ++i;
      continue;
    }
    // The unit first, since it is the scale.
    const size_t number = std::min(text.find_first_not_of("0123456789.,", i), text.size());
    if (number == i || number == text.size()) break;
    int64_t scale = 0;
    switch (text[number]) {
      case 'W':
        scale = time ? 0 : int64_t{7} * 86'400 * kSecond;
        break;
      case 'D':
        scale = time ? 0 : 86'400 * kSecond;
        break;
      case 'H':
        scale = time ? 3600 * kSecond : 0;
        break;
      case 'M':
        scale = time ? 60 * kSecond : 0;
        break;
      case 'S':
        scale = time ? kSecond : 0;
        break;
      default:
        break;
    }
    if (scale == 0) return {};
    const Taken part = take_number(text.substr(i, number - i), scale);
    if (part.length != number - i || !add(sum, part.value)) return {};
    any = true;
    i = number + 1;
  }
  if (!any) return {};
  return {.value = sum, .length = i};
}

}  // namespace

std::optional<Unit> unit_named(std::string_view name) {
  constexpr std::string_view kNames[] = {"auto", "ns", "us", "ms", "s", "m", "h"};
  for (size_t i = 0; i < std::size(kNames); ++i)
    if (name == kNames[i]) return static_cast<Unit>(i);
  if (name == "\xC2\xB5s" || name == "\xCE\xBCs") return Unit::Microsecond;
  return std::nullopt;
}

std::string_view name_of(Unit unit) {
  constexpr std::string_view kNames[] = {"auto", "ns", "us", "ms", "s", "m", "h"};
  return kNames[static_cast<size_t>(unit)];
}

std::optional<Unit> unit_word(std::string_view word) {
  struct Word {
    std::string_view name;
    Unit unit;
  };
  static constexpr Word kWords[] = {{"ms", Unit::Millisecond},
                                    {"s", Unit::Second},
                                    {"us", Unit::Microsecond},
                                    {"\xC2\xB5s", Unit::Microsecond},
                                    {"\xCE\xBCs", Unit::Microsecond},
                                    {"ns", Unit::Nanosecond},
                                    {"m", Unit::Minute},
                                    {"h", Unit::Hour},
                                    {"sec", Unit::Second},
                                    {"secs", Unit::Second},
                                    {"second", Unit::Second},
                                    {"seconds", Unit::Second},
                                    {"msec", Unit::Millisecond},
                                    {"msecs", Unit::Millisecond},
                                    {"millis", Unit::Millisecond},
                                    {"millisecond", Unit::Millisecond},
                                    {"milliseconds", Unit::Millisecond},
                                    {"usec", Unit::Microsecond},
                                    {"usecs", Unit::Microsecond},
                                    {"micros", Unit::Microsecond},
                                    {"microsecond", Unit::Microsecond},
                                    {"microseconds", Unit::Microsecond},
                                    {"nsec", Unit::Nanosecond},
                                    {"nsecs", Unit::Nanosecond},
                                    {"nanos", Unit::Nanosecond},
                                    {"nanosecond", Unit::Nanosecond},
                                    {"nanoseconds", Unit::Nanosecond},
                                    {"min", Unit::Minute},
                                    {"mins", Unit::Minute},
                                    {"minute", Unit::Minute},
                                    {"minutes", Unit::Minute},
                                    {"hr", Unit::Hour},
                                    {"hrs", Unit::Hour},
                                    {"hour", Unit::Hour},
                                    {"hours", Unit::Hour}};
  constexpr size_t kLongest = 12;
  if (word.empty() || word.size() > kLongest) return std::nullopt;
  std::array<char, kLongest> lower{};
  std::transform(word.begin(), word.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  const std::string_view text(lower.data(), word.size());
  for (const Word& known : kWords)
    if (text == known.name) return known.unit;
  return std::nullopt;
}

Taken take_duration(std::string_view text) {
  if (const Taken iso = take_iso(text); iso.length > 0) return iso;
  const Taken days = take_days(text);
  const Taken clock = take_clock(text.substr(days.length));
  if (clock.length > 0) {
    int64_t sum = days.value;
    if (!add(sum, clock.value)) return {};
    return {.value = sum, .length = days.length + clock.length};
  }
  // Number and unit, again and again while the units get smaller.
  Taken whole;
  int64_t previous = std::numeric_limits<int64_t>::max();
  size_t i = 0;
  while (true) {
    const std::string_view rest = text.substr(i);
    const Taken probe = take_number(rest, 1);
    if (probe.length == 0 && !digit_at(rest, 0)) break;
    const size_t number = probe.length;
    if (number == 0) break;
    const size_t blank = std::min<size_t>(blanks_at(rest.substr(number)), 2);
    const std::string_view after = rest.substr(number + blank);
    const size_t word = word_length(after);
    const std::string_view name = after.substr(0, word);
    int64_t scale = 0;
    if (const auto unit = unit_word(name)) {
      scale = nanoseconds_of(*unit);
    } else if (name == "d" || name == "day" || name == "days") {
      scale = 86'400 * kSecond;
    }
    if (scale == 0 || scale >= previous) break;
    const Taken part = take_number(rest, scale);
    int64_t sum = whole.value;
    if (part.length != number || !add(sum, part.value)) return {};
    i += number + blank + word;
    whole = {.value = sum, .length = i};
    previous = scale;
    // What may stand between two parts; it counts only if another part follows.
    if (i < text.size() && text[i] == ',') ++i;
    i += std::min<size_t>(blanks_at(text.substr(i)), 2);
    if (text.substr(i, 4) == "and ") i += 4;
    if (i > whole.length && !digit_at(text, i)) break;
  }
  return whole;
}

std::optional<int64_t> parse_duration(std::string_view text, Unit unit) {
  text = base::trim(text);
  if (unit != Unit::Auto) {
    const Taken number = take_number(text, nanoseconds_of(unit));
    if (number.length == text.size() && number.length > 0) return number.value;
    const Taken spaced = take_spaced_number(text, nanoseconds_of(unit));
    if (spaced.length == text.size() && spaced.length > 0) return spaced.value;
  }
  const Taken own = take_duration(text);
  if (own.length != text.size() || own.length == 0) return std::nullopt;
  return own.value;
}

}  // namespace benchd::rules
