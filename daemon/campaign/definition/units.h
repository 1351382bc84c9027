#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

/// Numbers as people type them in flags and campaign files.
namespace benchd::campaign {

/// "60s", "1m30s", "0.5" (seconds) in nanoseconds; more than none, and less than a year.
std::optional<int64_t> parse_time(std::string_view text);

/// "512MiB", "2GiB", "1.5G", "4096": k, M, G and T are 1,000s, Ki, Mi, Gi and Ti 1,024s. More than none.
std::optional<uint64_t> parse_bytes(std::string_view text);

}  // namespace benchd::campaign
