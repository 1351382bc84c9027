#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "model/reading.h"

namespace benchd::cgroup {

/// Turns one container's successive texts of io.stat into counters that never fall:
///   - a device whose row is missing or torn keeps its last values: rows vanish for a moment when the kernel has
///   nothing
///     to print, and for good when a device is unplugged; the bytes were moved all the same
///   - a device whose counters fell is another one under the same number: it counts on from where the first one ended
class IoCounters {
 public:
  /// Updates `io` (sorted by device, each once; nobody else changes it). Returns the faults of parse_io_stat.
  size_t update(std::string_view text, std::vector<model::DeviceIo>& io);

 private:
  struct Known {
    model::DeviceIo last;  ///< as the kernel showed it
    model::DeviceIo base;  ///< what earlier devices of this number had counted
  };

  std::vector<model::DeviceIo> rows_;
  std::vector<Known> known_;  ///< sorted by device, beside `io`
};

}  // namespace benchd::cgroup
