#include "collectors/network/traffic.h"

#include <algorithm>
#include <array>

#include "collectors/network/net_dev.h"

namespace benchd::network {
namespace {

using model::InterfaceTraffic;
using Rows = std::vector<InterfaceTraffic>;

constexpr auto kCounters = std::to_array<uint64_t InterfaceTraffic::*>(
    {&InterfaceTraffic::receive_bytes, &InterfaceTraffic::receive_packets, &InterfaceTraffic::receive_errors,
     &InterfaceTraffic::receive_dropped, &InterfaceTraffic::transmit_bytes, &InterfaceTraffic::transmit_packets,
     &InterfaceTraffic::transmit_errors, &InterfaceTraffic::transmit_dropped});

/// Charged rows of interfaces that are gone are kept, in case they come back, as long as there are no more than this:
/// an engine inside a container makes names without end.
constexpr size_t kMaxRemembered = 64;

/// The rows come in the kernel's order, which rarely changes: the same place is looked at first.
Rows::iterator find(Rows& rows, const InterfaceTraffic& like, size_t place) {
  const auto same = [&](const InterfaceTraffic& row) { return row.name == like.name; };
  if (place < rows.size() && same(rows[place])) return rows.begin() + static_cast<Rows::difference_type>(place);
  return std::find_if(rows.begin(), rows.end(), same);
}

bool made_again(const InterfaceTraffic& before, const InterfaceTraffic& now) {
  return now.receive_packets < before.receive_packets || now.transmit_packets < before.transmit_packets;
}

void forget_vanished(Rows& charged, const Rows& present) {
  if (charged.size() <= std::max(kMaxRemembered, present.size())) return;
  std::erase_if(charged, [&](const InterfaceTraffic& row) {
    return std::none_of(present.begin(), present.end(),
                        [&](const InterfaceTraffic& other) { return other.name == row.name; });
  });
}

}  // namespace

bool is_charged(std::string_view interface) {
  return interface != "lo" && !interface.starts_with("veth") && !interface.starts_with("docker") &&
         !interface.starts_with("nerdctl");
}

void Traffic::charge(std::string_view text, Rows& charged, Rows& present) {
  next_.clear();
  present.clear();
  while (auto row = next_interface(text)) {
    if (!is_charged(name_of(*row))) continue;
    const size_t place = next_.size();
    auto total = find(charged, *row, place);
    if (total == charged.end()) {
      charged.push_back({.name = row->name});
      total = charged.end() - 1;
    }
    const auto before = find(last_, *row, place);
    const bool from_zero = before == last_.end() || made_again(*before, *row);
    for (const auto counter : kCounters) {
      uint64_t& now = (*row).*counter;
      const uint64_t base = from_zero ? 0 : (*before).*counter;
      now = std::max(now, base);
      (*total).*counter += now - base;
    }
    present.push_back(*total);
    next_.push_back(*row);
  }
  last_.swap(next_);
  forget_vanished(charged, present);
}

}  // namespace benchd::network
