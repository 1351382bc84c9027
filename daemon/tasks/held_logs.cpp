#include "daemon/tasks/held_logs.h"

#include <utility>

namespace benchd::daemon {
namespace {

constexpr int64_t kHold = 60 * base::kSecond;

}  // namespace

void HeldLogs::hold(logs::LogSpec spec, const model::LogPosition& from, base::Instant now) {
  held_[from.log] = {.handle = follower_.follow(std::move(spec), from, now, true), .since = now};
}

bool HeldLogs::has_open(const std::string& log) const {
  const auto held = held_.find(log);
  return held != held_.end() && follower_.status(held->second.handle).present;
}

std::optional<logs::LogHandle> HeldLogs::release(const std::string& log) {
  const auto held = held_.extract(log);
  if (held.empty()) return std::nullopt;
  follower_.release(held.mapped().handle);
  return held.mapped().handle;
}

void HeldLogs::let_go(const std::string& log) {
  const auto held = held_.extract(log);
  if (!held.empty()) follower_.forget(held.mapped().handle);
}

void HeldLogs::let_go_of_old(base::Instant now) {
  std::erase_if(held_, [&](const auto& entry) {
    if (now - entry.second.since < kHold) return false;
    follower_.forget(entry.second.handle);
    return true;
  });
}

}  // namespace benchd::daemon
