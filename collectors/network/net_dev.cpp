#include "collectors/network/net_dev.h"

#include <array>

#include "base/text.h"

namespace benchd::network {
namespace {

constexpr size_t kColumns = 16;

std::optional<model::InterfaceTraffic> parse_line(std::string_view line) {
  // A name holds neither ':' nor blanks (dev_valid_name); the header's lines have no ':'.
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view name = base::trim(line.substr(0, colon));
  model::InterfaceTraffic row;
  if (name.empty() || name.size() >= row.name.size()) return std::nullopt;
  name.copy(row.name.data(), name.size());

  line.remove_prefix(colon + 1);
  std::array<uint64_t, kColumns> column{};
  for (uint64_t& value : column) {
    const auto number = base::take_integer(line);
    if (!number) return std::nullopt;
    value = *number;
  }
  row.receive_bytes = column[0];
  row.receive_packets = column[1];
  row.receive_errors = column[2];
  row.receive_dropped = column[3];
  row.transmit_bytes = column[8];
  row.transmit_packets = column[9];
  row.transmit_errors = column[10];
  row.transmit_dropped = column[11];
  return row;
}

}  // namespace

std::optional<model::InterfaceTraffic> next_interface(std::string_view& rest) {
  while (!rest.empty())
    if (const auto row = parse_line(base::cut(rest, '\n'))) return row;
  return std::nullopt;
}

}  // namespace benchd::network
