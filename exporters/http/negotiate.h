#pragma once

#include <cstdint>
#include <string_view>

#include "exporters/prometheus/format.h"

namespace benchd::http {

/// The format an Accept header asks for: the one with the highest q, of equals the first named. Versions that benchd
/// does not write (text 1.0.0, OpenMetrics 2.0.0) and protobuf are passed over; a wildcard means text, and so do an
/// empty header and one that names nothing benchd writes: a scraper that gets text can at least say what is wrong.
/// How scrapers ask: prometheus/docs, instrumenting/content_negotiation.md.
exposition::Format choose_format(std::string_view accept);

enum class Encoding : uint8_t { Identity, Gzip };

/// When gzip is used for a client on the same host. Compressing costs more than rendering, and loopback carries
/// gigabytes a second: there identity is better also for a client that asks for gzip, as Prometheus always does.
enum class LoopbackGzip : uint8_t { Never, WhenAsked };

/// Gzip where an Accept-Encoding header allows it (by name or "*", q not 0, not less wanted than identity) and the
/// client is not on loopback.
Encoding choose_encoding(std::string_view accept_encoding, bool peer_is_loopback,
                         LoopbackGzip loopback = LoopbackGzip::Never);

}  // namespace benchd::http
