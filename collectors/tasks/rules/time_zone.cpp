#include "collectors/tasks/rules/time_zone.h"

#include <chrono>
#include <cstdlib>
#include <exception>

#include <date/tz.h>

namespace benchd::rules {

using base::Error;
using base::Result;
using std::chrono::seconds;

Result<TimeZone> TimeZone::named(const std::string& name) {
  TimeZone zone;
  if (name == "UTC") return zone;
  try {
    zone.zone_ = name == "local" ? date::current_zone() : date::locate_zone(name);
  } catch (const std::exception&) {
    // A host without /etc/localtime lives in UTC, as libc has it.
    if (name != "local") return Error{.attempt = "\"" + name + "\" is no time zone of this host's tzdata"};
  }
  return zone;
}

int64_t TimeZone::to_unix(int64_t wall_seconds, std::optional<int64_t> near) const {
  if (zone_ == nullptr) return wall_seconds;
  if (wall_seconds >= sure_from_ && wall_seconds < sure_until_) return wall_seconds - offset_;
  const auto* zone = static_cast<const date::time_zone*>(zone_);
  const date::local_info info = zone->get_info(date::local_seconds(seconds(wall_seconds)));
  const int64_t first = wall_seconds - info.first.offset.count();
  if (info.result == date::local_info::nonexistent) return first;
  if (info.result == date::local_info::ambiguous) {
    const int64_t second = wall_seconds - info.second.offset.count();
    return near && std::llabs(*near - second) < std::llabs(*near - first) ? second : first;
  }
  // A day from either change of the clocks nothing is ambiguous. The first and last spans of a zone have no bounds that
  // could be added to.
  constexpr int64_t kDay = 86'400;
  constexpr int64_t kFarPast = -1LL << 40;
  constexpr int64_t kFarFuture = 1LL << 40;
  offset_ = info.first.offset.count();
  sure_from_ = std::max<int64_t>(info.first.begin.time_since_epoch().count(), kFarPast) + kDay;
  sure_until_ = std::min<int64_t>(info.first.end.time_since_epoch().count(), kFarFuture) - kDay;
  return first;
}

}  // namespace benchd::rules
