#include "exporters/page/units.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>

#include <fmt/format.h>

namespace benchd::page {

std::string bytes(double value) {
  static constexpr std::array kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  size_t unit = 0;
  // From 1023.5 on it would round to 1024.
  for (; value >= 1023.5 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  return fmt::format("{:.{}f} {}", value, unit > 0 && value < 9.95 ? 1 : 0, kUnits[unit]);
}

std::string age(double seconds) {
  seconds = std::max(seconds, 0.0);
  if (seconds < 1) return fmt::format("{:.0f} ms", std::floor(seconds * 1000));
  if (seconds < 120) return fmt::format("{:.0f} s", std::floor(seconds));
  if (seconds < 7200) return fmt::format("{:.0f} min", std::floor(seconds / 60));
  if (seconds < 172'800) return fmt::format("{:.0f} h", std::floor(seconds / 3600));
  return fmt::format("{:.0f} d", std::floor(seconds / 86'400));
}

std::string cpu_time(double seconds) {
  if (seconds < 9.995) return fmt::format("{:.2f} s", seconds);
  if (seconds < 999.95) return fmt::format("{:.1f} s", seconds);
  std::string digits = fmt::format("{:.0f}", seconds);
  for (auto at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) digits.insert(static_cast<size_t>(at), ",");
  return digits + " s";
}

std::string percent(double ratio) {
  const double value = ratio * 100;
  return fmt::format("{:.{}f} %", value, value < 9.95 ? 1 : 0);
}

std::string utc(int64_t unix_nanoseconds) {
  const auto seconds = static_cast<std::time_t>(unix_nanoseconds / 1'000'000'000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 40> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%F %T UTC", &parts)};
}

}  // namespace benchd::page
