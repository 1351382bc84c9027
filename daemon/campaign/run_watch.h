#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "base/interrupts.h"
#include "base/result.h"
#include "daemon/campaign/cgroups/run_cgroup.h"
#include "daemon/campaign/definition/definition.h"
#include "daemon/campaign/services.h"
#include "model/run_record.h"

namespace benchd::campaign {

/// What is waited for, and what is done about it.
struct RunWatch {
  const RunCgroup& cgroup;
  const Variant& variant;
  base::Interrupts& interrupts;
  Services& services;
  int process = -1;                            ///< readable when the run's own process has ended; -1: it has none here
  base::Fd output;                             ///< non-blocking; none: nobody reads
  std::function<void()> ended;                 ///< the run's own process has
  std::function<void(std::string_view)> take;  ///< a piece of output
  std::function<uint64_t()> tasks;             ///< that went well so far
};

/// How a run came to its end.
struct RunEnd {
  base::Instant at = 0;
  bool timed_out = false;
  bool cut = false;  ///< by Until
  bool interrupted = false;
  std::vector<model::RunPoint> course;     ///< see RunCourse
  std::optional<double> cpu_frequency_hz;  ///< likewise
};

/// Waits until the run that began at `began` is over: its process has ended and its cgroup is empty. Kills it at its
/// timeout and where Until cuts it; at an interruption it is killed, and not waited for. An Error where a service has
/// ended: the run is killed as well.
base::Result<RunEnd> watch(RunWatch& watch, base::Instant began);

}  // namespace benchd::campaign
