#pragma once

#include <cstdint>
#include <string>

namespace benchd::page {

/// "512 B", "1.4 MiB", "12 GiB": three digits at most, in powers of 1024.
std::string bytes(double value);

/// "850 ms", "12 s", "4 min", "3 h", "2 d": the largest unit that leaves a whole number, rounded down.
std::string age(double seconds);

/// A sum of CPU time: "0.42 s", "12.3 s", "1,234 s".
std::string cpu_time(double seconds);

/// "7.3 %", "412 %": one digit after the point below 10.
std::string percent(double ratio);

/// "2026-01-31 23:59:59 UTC" of nanoseconds since 1970.
std::string utc(int64_t unix_nanoseconds);

}  // namespace benchd::page
