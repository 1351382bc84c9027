#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "model/snapshot.h"

namespace benchd::page {

/// What happened per second of wall time between two readings. Absent where a counter is, or where it is not known for
/// both instants.
struct ContainerRates {
  std::optional<double> cpus;        ///< CPU seconds per second
  std::optional<double> throttled;   ///< share of the quota's periods in which it was used up, 0 to 1
  std::optional<double> read_bytes;  ///< summed over block devices
  std::optional<double> written_bytes;
  std::optional<double> received_bytes;  ///< summed over the interfaces this container is charged for
  std::optional<double> transmitted_bytes;
};

struct HostRates {
  struct Cpu {
    uint32_t cpu = 0;
    double busy = 0;   ///< 0 to 1: user, nice, system, irq and softirq
    double steal = 0;  ///< 0 to 1
  };
  std::vector<Cpu> cpus;
  std::optional<double> cpu_pressure;  ///< share of the time in which some task waited, 0 to 1
  std::optional<double> memory_pressure;
  std::optional<double> io_pressure;
};

/// The counters of one snapshot that rates are made from; holds nothing of the snapshot itself.
class Baseline {
 public:
  explicit Baseline(const model::Snapshot& snapshot);

  base::Instant taken() const { return taken_; }
  ContainerRates rates(const model::ContainerSnapshot& now) const;
  HostRates rates(const model::HostReading& now) const;

 private:
  struct Marks {
    base::Instant at = 0;
    std::optional<uint64_t> cpu_us;
    std::optional<uint64_t> periods;
    std::optional<uint64_t> throttled_periods;
    std::optional<uint64_t> read_bytes;
    std::optional<uint64_t> written_bytes;
    std::optional<uint64_t> received_bytes;
    std::optional<uint64_t> transmitted_bytes;
  };
  static Marks marks(const model::Reading& reading);

  base::Instant taken_ = 0;
  std::unordered_map<uint64_t, Marks> containers_;  ///< by cgroup id
  base::Instant host_at_ = 0;
  model::HostValues host_values_;
  std::vector<model::HostCpu> host_cpus_;
};

}  // namespace benchd::page
