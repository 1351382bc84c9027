#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/fd.h"

namespace benchd::daemon {

/// The CPU time of one container, read between the sampler's readings: when a line tells that a task is done. Keeps
/// its cpu.stat open.
class ContainerCpu {
 public:
  /// `directory` of its cgroup.
  explicit ContainerCpu(std::string directory) : directory_(std::move(directory)) {}

  /// Nanoseconds since it was made. Nothing where it was read less than a millisecond ago, which is as good, and where
  /// it is gone.
  std::optional<uint64_t> read(base::Instant now);

 private:
  std::string directory_;
  base::Fd cpu_stat_;
  base::Instant read_at_ = 0;
};

}  // namespace benchd::daemon
