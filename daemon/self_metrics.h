#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <prometheus/metric_family.h>

#include "collectors/cgroup/files.h"
#include "collectors/cgroup/tree.h"
#include "collectors/kernel/thread_estimator.h"
#include "collectors/runtimes/registry.h"
#include "daemon/log.h"
#include "daemon/sampler.h"
#include "exporters/http/server.h"

namespace benchd::daemon {

/// What benchd counts about itself, as of the last published snapshot. Copied by the sampler's thread, read by the
/// web's.
struct SelfCounts {
  SamplerCounts sampler;
  cgroup::TreeCounts tree;
  cgroup::FileCounts files;
  runtimes::RegistryStatus runtimes;
  WorkloadCounts workloads;
  kernel::KernelCounts kernel;
  kernel::EstimatorCounts estimator;
  std::vector<model::RuleUse> rules;  ///< of the configuration
  size_t kept_fds = 0;
  uint64_t skipped_ticks = 0;
  uint64_t refused_requests = 0;  ///< on the control socket
  uint64_t stale_scrapes = 0;     ///< answered from an old snapshot because no new reading came within a second
  bool last_reload_good = true;
  double last_reload_time = 0;  ///< Unix seconds of the last good one
};

/// The process itself, from /proc/self/stat and beside it.
struct ProcessUse {
  double cpu_seconds = 0;
  uint64_t resident_bytes = 0;
  uint64_t virtual_bytes = 0;
  uint64_t open_fds = 0;
  uint64_t max_fds = 0;
  double start_time = 0;  ///< Unix seconds
};

/// Of the calling process, read now. `wall_offset` as in base::wall_offset.
ProcessUse process_use(const std::string& proc, int64_t wall_offset);

/// benchd_* and process_*: what benchd is, what it did and what it costs. (What a snapshot says of benchd is in the
/// exporter's catalogue.)
std::vector<prometheus::MetricFamily> self_families(const SelfCounts& counts, const ProcessUse& process,
                                                    const http::Stats& web, const LogCounts& log);

/// One of each of these families, with one sample, for documents.
std::vector<prometheus::MetricFamily> each_self_family();

/// The same families as a last section of the catalogue's Markdown document.
std::string self_document();

}  // namespace benchd::daemon
