#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace benchd::rules {

/// A time as it stands in a line.
struct WrittenTime {
  int64_t seconds = 0;      ///< of Unix time if zoned, else what a clock in UTC would show
  int64_t nanoseconds = 0;  ///< behind the second
  bool zoned = false;       ///< the text says its zone
  bool yearless = false;    ///< told as of 1972, a leap year: which one it is must be guessed
  size_t length = 0;        ///< bytes of text; 0: there is no time
};

/// Of a day and a time on the wall; nothing if there is no such day or time. 60 seconds are allowed.
std::optional<int64_t> wall_seconds(int64_t year, int64_t month, int64_t day, int64_t hour, int64_t minute,
                                    int64_t second);

/// The month that starts with the three letters at the front of `text`, 1 to 12; 0 if none does.
int64_t month_named(std::string_view text);

/// Reads a time at the front of `text`, in the ways that logs have:
///   2025-01-01T12:00:00.123456Z, 2025-01-01 12:00:00,123, …+01:00, … +0100, 20250101T120000Z   ISO 8601, Python
///   2009/11/10 23:00:00.123456, 2009/11/10 - 23:00:00                                           Go's log, nginx; Gin
///   2009.11.10 23:00:00.123456                                                                  ClickHouse
///   10/Oct/2000:13:55:36 -0700, 10/Oct/2000 13:55:36                                            nginx; Werkzeug
///   10-Oct-2000 13:55:36.123                                                                    Tomcat
///   Jan  2 15:04:05, Jan 02 15:04:05.123                                                        syslog
///   Tue Oct 10 13:55:36 2000, Tue Oct 10 13:55:36.123456 2000                                   asctime, Apache
///   I0102 15:04:05.123456                                                                       klog
///   1735732800, 1735732800.123, 1735732800123, and with 16 or 19 digits                         Unix s, ms, µs, ns
WrittenTime take_time(std::string_view text);

/// The first such time within the first 128 bytes of a line; Unix times at its very front only, since other numbers
/// look like them.
WrittenTime find_time(std::string_view line);

/// A zone at the front of `text`, "Z", "+01:00", "-0700", " UTC": its offset in seconds and length; length 0: none.
struct WrittenOffset {
  int64_t seconds = 0;
  size_t length = 0;
};
WrittenOffset take_offset(std::string_view text);

/// The digits of a fraction of a second at the front of `text`, in nanoseconds; digits beyond the ninth do not count.
int64_t take_fraction(std::string_view text, size_t& length);

}  // namespace benchd::rules
