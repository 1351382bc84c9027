#include "exporters/http/address.h"

#include "base/text.h"

namespace benchd::http {

base::Result<ListenAddress> parse_listen_address(std::string_view text) {
  const auto refuse = [text](const char* why) {
    return base::Error{.attempt = "listen on \"" + std::string(text) + "\": " + why};
  };
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || text.substr(colon).find(']') != std::string_view::npos)
    return refuse("no port; expected HOST:PORT or :PORT");

  std::string_view host = text.substr(0, colon);
  if (host.find_first_of(" \t/") != std::string_view::npos) return refuse("not a host");
  if (host.starts_with('[')) {
    if (!host.ends_with(']')) return refuse("'[' without ']'");
    host = host.substr(1, host.size() - 2);
    if (host.empty()) return refuse("empty brackets");
  } else if (host.find(':') != std::string_view::npos) {
    return refuse("an IPv6 address stands in brackets, [::1]:10900");
  }
  if (host.find_first_of("[]") != std::string_view::npos) return refuse("not a host");

  const auto port = base::parse_integer<uint16_t>(text.substr(colon + 1));
  if (!port) return refuse("the port must be a number from 0 to 65535");
  return ListenAddress{.host = std::string(host), .port = *port};
}

}  // namespace benchd::http
