#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/container.h"
#include "model/host.h"
#include "model/reading.h"
#include "model/status.h"
#include "model/task.h"
#include "model/verdict.h"
#include "model/workload.h"

namespace benchd::model {

/// One container as of a snapshot. A finished one keeps its counters, peak, end and exit code for the retention time;
/// its gauges are cleared from `reading` when it ends.
struct ContainerSnapshot {
  std::shared_ptr<const Container> container;
  std::shared_ptr<const Metadata> metadata;  ///< null until the runtime told; replaced, never changed
  Reading reading;
  std::optional<base::Instant> ended;           ///< populated → empty, or the cgroup removed
  std::shared_ptr<const ContainerTasks> tasks;  ///< null: no rule is for it
  /// 0 as long as something here may change. Then a number of its own: what has the same one is the same.
  uint64_t settled = 0;
};

/// Where time per cpu and thread states come from.
enum class KernelMode : uint8_t {
  Off,        ///< nowhere
  Estimated,  ///< from /proc, by sampling threads
  Exact,      ///< from the kernel's own sums, by BPF
};
constexpr const char* name_of(KernelMode mode) {
  constexpr const char* kNames[] = {"off", "estimated", "exact"};
  return kNames[static_cast<size_t>(mode)];
}

/// Everything benchd knows at one instant. Made by the sampler, then immutable; any number of threads may read it.
struct Snapshot {
  base::Instant taken = 0;
  int64_t wall_offset = 0;  ///< see base::wall_offset
  std::string boot_id;
  std::vector<ContainerSnapshot> containers;  ///< each path at most once: a new incarnation evicts the finished one
  std::vector<WorkloadSnapshot> workloads;    ///< each key once; empty without a ledger
  std::shared_ptr<const ContainerTasks> host_tasks;               ///< of logs that belong to no container
  std::shared_ptr<const std::vector<int64_t>> duration_bounds;    ///< of all histograms of tasks, in nanoseconds
  std::shared_ptr<const std::vector<ComparisonSet>> comparisons;  ///< of finished campaigns; null: none known
  HostReading host;
  KernelMode kernel_mode = KernelMode::Off;
  std::string kernel_mode_reason;   ///< why it is not Exact
  uint64_t cpu_series_dropped = 0;  ///< if not 0, no container's time per cpu is to be shown on /metrics
  std::vector<CollectorStatus> collectors;
  std::vector<State> states;
};

}  // namespace benchd::model
