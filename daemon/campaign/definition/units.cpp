#include "daemon/campaign/definition/units.h"

#include <cmath>

#include "base/clock.h"
#include "base/text.h"
#include "collectors/tasks/rules/quantity.h"

namespace benchd::campaign {

std::optional<int64_t> parse_time(std::string_view text) {
  constexpr int64_t kYear = 366LL * 24 * 3600 * base::kSecond;
  const auto value = rules::parse_duration(text, rules::Unit::Second);
  return value && *value > 0 && *value < kYear ? value : std::nullopt;
}

std::optional<uint64_t> parse_bytes(std::string_view text) {
  text = base::trim(text);
  const size_t end = text.find_first_not_of("0123456789.");
  std::string_view unit = end == std::string_view::npos ? std::string_view() : base::trim(text.substr(end));
  const auto number = base::parse_number(base::trim(text.substr(0, end)));
  if (!number) return std::nullopt;
  if (unit.ends_with('B')) unit.remove_suffix(1);
  const double radix = unit.ends_with('i') ? 1024 : 1000;
  if (unit.ends_with('i')) unit.remove_suffix(1);
  constexpr std::string_view kPowers = "KMGT";
  double scale = 1;
  if (!unit.empty()) {
    const size_t power = unit == "k" ? 0 : unit.size() == 1 ? kPowers.find(unit[0]) : std::string_view::npos;
    if (power == std::string_view::npos) return std::nullopt;
    scale = std::pow(radix, static_cast<double>(power + 1));
  }
  const double bytes = std::round(*number * scale);
  if (!(bytes >= 1) || bytes > 1e18) return std::nullopt;
  return static_cast<uint64_t>(bytes);
}

}  // namespace benchd::campaign
