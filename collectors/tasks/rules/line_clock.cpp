#include "collectors/tasks/rules/line_clock.h"

#include <chrono>

#include "base/clock.h"

namespace benchd::rules {
namespace {

constexpr int64_t kDay = 86'400;

int year_of(int64_t unix_seconds) {
  const std::chrono::sys_seconds instant{std::chrono::seconds(unix_seconds)};
  return static_cast<int>(std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(instant)).year());
}

/// A time of 1972 in the latest year in which it is no more than a day after `near`.
std::optional<int64_t> in_year_near(int64_t seconds, int64_t near) {
  using namespace std::chrono;
  const sys_seconds instant{std::chrono::seconds(seconds)};
  const sys_days midnight = floor<days>(instant);
  const year_month_day date(midnight);
  const int64_t time_of_day = (instant - midnight).count();
  const int latest = year_of(near + kDay);
  for (int year = latest; year > latest - 8; --year) {  // the 29th of February may be that long ago
    const year_month_day candidate(std::chrono::year(year), date.month(), date.day());
    if (!candidate.ok()) continue;
    const int64_t result = sys_days(candidate).time_since_epoch().count() * kDay + time_of_day;
    if (result <= near + kDay) return result;
  }
  return std::nullopt;
}

}  // namespace

std::optional<int64_t> LineClock::of_line(std::string_view line, std::optional<int64_t> near) const {
  return to_unix(format_ ? format_->find(line) : find_time(line), near);
}

std::optional<int64_t> LineClock::of_text(std::string_view text, std::optional<int64_t> near) const {
  return to_unix(format_ ? format_->take(text) : take_time(text), near);
}

std::optional<int64_t> LineClock::to_unix(WrittenTime written, std::optional<int64_t> near) const {
  if (written.length == 0) return std::nullopt;
  std::optional<int64_t> near_seconds;
  if (near) near_seconds = *near / base::kSecond;
  if (written.yearless) {
    if (!near_seconds) return std::nullopt;
    const auto seconds = in_year_near(written.seconds, *near_seconds);
    if (!seconds) return std::nullopt;
    written.seconds = *seconds;
  }
  const int64_t seconds = written.zoned ? written.seconds : zone_.to_unix(written.seconds, near_seconds);
  int64_t nanoseconds = 0;
  if (__builtin_mul_overflow(seconds, base::kSecond, &nanoseconds) ||
      __builtin_add_overflow(nanoseconds, written.nanoseconds, &nanoseconds)) {
    return std::nullopt;
  }
  return nanoseconds;
}

}  // namespace benchd::rules
