#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/task.h"

namespace benchd::model {

/// What outlives containers: a variant of an experiment where the container is labelled so, else its compose service,
/// else its image.
struct Workload {
  std::string name;        ///< "experiment/variant", "project/service", the image's reference as given, or "unknown"
  std::string experiment;  ///< empty unless labelled
  std::string variant;     ///< empty unless labelled

  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 means the 0 that a rewritten < compares with
  friend auto operator<=>(const Workload&, const Workload&) = default;
};

/// What all containers of a workload have used, the finished and the running. Never falls.
struct WorkloadTotals {
  uint64_t runs = 0;      ///< starts, each counted once
  uint64_t failures = 0;  ///< runs that ended with another exit code than 0, or by the out-of-memory killer
  uint64_t cpu_usec = 0;
  uint64_t on_cpu_ns = 0;  ///< thread-nanoseconds, as in ThreadTimes
  uint64_t runnable_ns = 0;
  uint64_t blocked_ns = 0;
  uint64_t io_read_bytes = 0;
  uint64_t io_written_bytes = 0;
  uint64_t unobserved_ns = 0;  ///< while a container of it was running and no benchd was

  friend bool operator==(const WorkloadTotals&, const WorkloadTotals&) = default;
};

/// One workload as of a snapshot: totals that no crash of benchd takes back.
struct WorkloadSnapshot {
  std::shared_ptr<const Workload> workload;
  WorkloadTotals totals;
  bool has_threads = false;                               ///< thread states are collected, or once were
  bool has_io = false;                                    ///< this host counts IO by container, or once did
  std::shared_ptr<const std::vector<TaskFigures>> tasks;  ///< null: no rule was for it
};

}  // namespace benchd::model
