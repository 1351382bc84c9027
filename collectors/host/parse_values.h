#pragma once

#include <optional>
#include <string_view>

#include "model/host.h"

namespace benchd::host {

/// Sets the fields of `file` (see model/host_field.h) from its text, and clears those that do not stand in it.
/// /proc/meminfo: "Key:   N kB\n" (kB = 1024 bytes; counts have no unit) · /proc/vmstat and /proc/stat: "key N …\n" ·
/// /proc/pressure/*: "some avg10=… avg60=… avg300=… total=USEC\n".
void parse_values(model::HostFile file, std::string_view text, model::HostValues& values);

/// /proc/loadavg: "0.20 0.18 0.12 1/80 11206\n".
std::optional<model::LoadAverages> parse_load(std::string_view text);

}  // namespace benchd::host
