#include "daemon/service.h"

#include <ctime>

#include <systemd/sd-daemon.h>

namespace benchd::daemon::service {

void ready(const std::string& status) {
  ::sd_notify(0, ("READY=1\nSTATUS=" + status).c_str());
}

void reloading() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  ::sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld\nSTATUS=Reloading",
               static_cast<long long>(time.tv_sec) * 1'000'000 + time.tv_nsec / 1000);  // NOLINT(google-runtime-int)
}

void stopping() {
  ::sd_notify(0, "STOPPING=1\nSTATUS=Stopping");
}

void status(const std::string& status) {
  ::sd_notify(0, ("STATUS=" + status).c_str());
}

void watchdog() {
  ::sd_notify(0, "WATCHDOG=1");
}

std::optional<int64_t> watchdog_time() {
  uint64_t microseconds = 0;
  if (::sd_watchdog_enabled(0, &microseconds) <= 0) return std::nullopt;
  return static_cast<int64_t>(microseconds) * 1000;
}

}  // namespace benchd::daemon::service
