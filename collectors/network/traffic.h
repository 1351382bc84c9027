#pragma once

#include <string_view>
#include <vector>

#include "model/reading.h"

namespace benchd::network {

/// Whether a container is charged for an interface of its namespace; see NetworkCollector.
bool is_charged(std::string_view interface);

/// The counters of one namespace as last read, whoever was charged for them.
class Traffic {
 public:
  /// Reads the text of /proc/PID/net/dev and adds what was counted since the read before to `charged` (all of it at the
  /// first), so that charged counters never fall and nothing is charged twice, whoever comes after whom.
  /// An interface whose packet counters fell was removed and made again: it counted from 0. Another counter that fell
  /// is a driver's glitch: nothing is added until it has come back.
  /// Fills `present` with the charged rows of the interfaces that are there now.
  void charge(std::string_view text, std::vector<model::InterfaceTraffic>& charged,
              std::vector<model::InterfaceTraffic>& present);

 private:
  std::vector<model::InterfaceTraffic> last_;
  std::vector<model::InterfaceTraffic> next_;  ///< kept for its memory
};

}  // namespace benchd::network
