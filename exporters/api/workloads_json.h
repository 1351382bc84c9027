#pragma once

#include <string>

#include "model/snapshot.h"

namespace benchd::api {

/// The body of /api/v1/workloads, always valid UTF-8:
///   {"boot_id": "…", "time": UNIX, "workloads": [
///     {"workload": "builds/lto", "experiment": "builds", "variant": "lto", "runs": N, "failures": N, "cpu_usec": N,
///      "threads": {"on_cpu_ns": N, "runnable_ns": N, "blocked_ns": N},
///      "io": {"read_bytes": N, "written_bytes": N}, "unobserved_ns": N}, …]}
/// Totals since the ledger began, exact to 64 bits. Experiment and variant are missing keys where containers are not
/// labelled so; threads and io, where they are not collected; workloads is empty where there is no ledger.
std::string workloads_json(const model::Snapshot& snapshot);

}  // namespace benchd::api
