#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace benchd::http {

/// Where to listen, as Prometheus exporters write it.
struct ListenAddress {
  std::string host;   ///< an IP address or a host name, without brackets; empty = all interfaces
  uint16_t port = 0;  ///< 0 = one that the kernel picks

  friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};

/// "127.0.0.1:10900", ":10900", "[::1]:10900", "localhost:10900". An IPv6 address needs its brackets. The Error names
/// the text and what is wrong with it.
base::Result<ListenAddress> parse_listen_address(std::string_view text);

}  // namespace benchd::http
