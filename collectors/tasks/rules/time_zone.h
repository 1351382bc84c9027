#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"

namespace benchd::rules {

/// A time zone of the system's database (Debian's tzdata, read by Hinnant's date library, which became C++20's
/// <chrono>; g++ 12 has only that part without zones). Not for two threads at once.
class TimeZone {
 public:
  /// UTC.
  TimeZone() = default;
  /// By its IANA name, "Europe/Paris"; "local" is the host's.
  static base::Result<TimeZone> named(const std::string& name);

  /// Unix seconds of a clock on the wall of that zone, given as the seconds that UTC would show it at. An hour that the
  /// clocks show twice is the one closer to `near` (else the first); one that they skip is told as if they had not been
  /// put forward yet, so that time never goes backwards there.
  int64_t to_unix(int64_t wall_seconds, std::optional<int64_t> near) const;

 private:
  const void* zone_ = nullptr;  ///< a date::time_zone, which lives as long as the program; null: UTC
  /// Between these wall seconds the offset is the one found last, without doubt. Looking it up takes a microsecond.
  mutable int64_t sure_from_ = 0;
  mutable int64_t sure_until_ = 0;
  mutable int64_t offset_ = 0;
};

}  // namespace benchd::rules
