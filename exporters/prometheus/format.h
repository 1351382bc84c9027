#pragma once

#include <cstdint>
#include <string_view>

namespace benchd::exposition {

/// Prometheus' text format 0.0.4, and OpenMetrics 1.0.
enum class Format : uint8_t { Text, OpenMetrics };

/// What stands in Content-Type for it, exact: Prometheus 3 fails a scrape of a type it does not know.
std::string_view content_type(Format format);

}  // namespace benchd::exposition
