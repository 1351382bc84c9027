#pragma once

#include <optional>
#include <string_view>

#include "model/reading.h"

namespace benchd::network {

/// Cuts the next interface off the front of the text of /proc/PID/net/dev; nothing at its end. The two header lines and
/// lines that are no interface are passed over. The kernel's dev_seq_printf_stats (net/core/net-procfs.c):
/// "  name: bytes packets errs drop fifo frame compressed multicast  bytes packets errs drop fifo colls carrier
/// compressed", the first eight received; `drop` there includes rx_missed_errors.
std::optional<model::InterfaceTraffic> next_interface(std::string_view& rest);

inline std::string_view name_of(const model::InterfaceTraffic& interface) {
  return interface.name.data();
}

}  // namespace benchd::network
