#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace benchd::daemon {

/// What the service manager is told, by sd_notify(3); each does nothing where no manager listens.
namespace service {

void ready(const std::string& status);
/// Begins a reload: RELOADING=1 with MONOTONIC_USEC, which newer systemd waits for; ready() ends it.
void reloading();
void stopping();
void status(const std::string& status);
void watchdog();

/// The manager's watchdog time in nanoseconds; nothing where it does not watch.
std::optional<int64_t> watchdog_time();

}  // namespace service
}  // namespace benchd::daemon
