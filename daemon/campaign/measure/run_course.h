#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/cpu_set.h"
#include "base/fd.h"
#include "base/file.h"
#include "daemon/campaign/cgroups/run_cgroup.h"
#include "model/run_record.h"

namespace benchd::campaign {

/// Reads a run's cgroup while it goes on: 20 times a second at first, half as often each time that there are
/// kMostPoints readings, of which every second one is then dropped. A run that is over before the first reading is due
/// costs nothing; after the first one nothing is allocated.
class RunCourse {
 public:
  static constexpr int64_t kFirstStep = 50 * base::kMillisecond;
  static constexpr size_t kMostPoints = 128;

  /// `cpus`: those that the run may use, whose frequency is read, one at a time in turn; empty: all that are online.
  /// Both outlive this.
  RunCourse(const RunCgroup& cgroup, const base::CpuSet& cpus, base::Instant began, std::string sysfs = "/sys");

  /// When the next reading is due.
  base::Instant next() const { return next_; }
  /// A reading, if it is due.
  void read(base::Instant now);

  /// What was read.
  std::vector<model::RunPoint> take() { return std::move(points_); }
  /// The mean of the cpus' frequencies; nothing where none tells.
  std::optional<double> frequency_hz() const;

 private:
  void open();
  void thin_out();
  base::Instant after(base::Instant now) const;

  const RunCgroup& cgroup_;
  const base::CpuSet& cpus_;
  const base::Instant began_;
  const std::string sysfs_;
  int64_t step_ = kFirstStep;
  base::Instant next_;
  base::Fd cpu_;                       ///< cpu.stat, kept
  base::Fd memory_;                    ///< memory.current, where it is there
  std::vector<base::Fd> frequencies_;  ///< of each cpu that tells
  base::ReadBuffer buffer_{0};
  std::vector<model::RunPoint> points_;
  double frequency_khz_ = 0;  ///< of all readings together
  uint64_t frequency_readings_ = 0;
};

}  // namespace benchd::campaign
