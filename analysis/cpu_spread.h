#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/clock.h"
#include "model/reading.h"

namespace benchd::analysis {

/// How evenly the time between two readings was spread over a container's cpus. Both ascending by cpu; a cpu that only
/// the later one has began at 0. Nothing where no time was used.
std::optional<model::CpuSpread> cpu_spread(std::span<const model::CpuTime> before,
                                           std::span<const model::CpuTime> after);

/// The spread over the last whole window of one container. Allocates at its first look and when a cpu is added.
class SpreadWindow {
 public:
  static constexpr base::Instant kWindow = base::kSecond;

  /// Looks at a reading; when a window has passed since it began, `spread` becomes that of the window, and the next
  /// begins. Before the end of the first one `spread` is left alone.
  void look(base::Instant now, const std::vector<model::CpuTime>& cpus, std::optional<model::CpuSpread>& spread);

 private:
  std::optional<base::Instant> begin_;
  std::vector<model::CpuTime> at_begin_;
};

}  // namespace benchd::analysis
