#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace benchd::rules {

/// In what a duration is written. Auto: the text says it itself ("1.2s", "3m4s", "00:01:02.5").
enum class Unit : uint8_t { Auto, Nanosecond, Microsecond, Millisecond, Second, Minute, Hour };

/// "ns us ms s m h auto" as rules write them; "µs" is us too.
std::optional<Unit> unit_named(std::string_view name);
std::string_view name_of(Unit unit);

/// The unit that people mean by a word in a log, whatever its case: "msec", "Seconds", "µs" (both code points), "hrs".
std::optional<Unit> unit_word(std::string_view word);

/// What was read off the front of a text.
struct Taken {
  int64_t value = 0;
  size_t length = 0;  ///< bytes; 0: there is none, or it does not fit into 64 bits
};

/// The longest number at the front of `text`, times `scale`, rounded: "123.4", "1,5", "1,234.56", "1.234,56",
/// "1_000_000", "12'345", "1.2e-05". A single separator, whichever, is the decimal one ("1,234" is less than two); of
/// two kinds the last is; one that occurs twice separates thousands. A minus, "inf" and "nan" are no number: nothing
/// here is negative.
Taken take_number(std::string_view text, int64_t scale);

/// As take_number(), of "1 234 567,8": plain blanks between thousands. Nothing for any other number: what looks like
/// one may be two, so that it is for who knows what comes behind.
Taken take_spaced_number(std::string_view text, int64_t scale);

/// The longest duration at the front of `text` in nanoseconds, as programs print them: numbers with their units,
/// several from large to small ("1h2m3.5s", "1 min 30 sec", "2 hours, 5 minutes"), clocks ("00:01:02.5", "1:02"),
/// Python's timedelta ("1 day, 0:00:01.5"), ISO 8601 ("PT1.5S"). A bare number is none: who knows of what.
Taken take_duration(std::string_view text);

/// All of `text`, blanks around it aside, as a duration in nanoseconds. With a unit, a bare number counts in it, "1
/// 234" too; a text that names its own unit means that one.
std::optional<int64_t> parse_duration(std::string_view text, Unit unit);

/// All of `text` as a whole number ("1,000", "1_000" and "1 000" too: a count has no fraction).
std::optional<int64_t> parse_count(std::string_view text);

}  // namespace benchd::rules
