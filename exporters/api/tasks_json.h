#pragma once

#include <span>
#include <string>

#include "model/log.h"
#include "model/snapshot.h"
#include "model/task_window.h"

namespace benchd::api {

/// The body of /api/v1/tasks?window=60s, ASCII alone:
///   {"boot_id": "…", "time": UNIX, "containers": [
///     {"id": "/system.slice/docker-….scope", "name": "web", "from": UNIX, "to": UNIX,
///      "tasks": [{"task": "render", "outcome": "ok", "tasks": N, "tasks_per_second": X, "mean_seconds": X,
///                 "in_flight": X, "costed": N, "apportioned": N,
///                 "per_task": {"cpu_seconds": X, "io_read_bytes": X, "io_written_bytes": X,
///                              "thread_seconds": {"on_cpu": X, "runnable": X, "blocked": X}}}, …],
///      "residual_cpu_seconds": X, "coarse": false, "late_lines": N, "losses": N}, …]}
/// One entry for each window, the host's with the id "/". `per_task` is of the `costed` tasks, of which `apportioned`
/// were not alone: theirs is a share. `coarse`: the log's stamps are those of flushes, so times and costs are blurred.
/// A mean of nothing, and what is not collected, is a missing key.
std::string tasks_json(const model::Snapshot& snapshot, std::span<const model::TaskWindow> windows);

/// The body of /api/v1/tasks/unmatched, ASCII alone: what rules could still be written for.
///   {"boot_id": "…", "time": UNIX, "logs": [{"id": "/…", "name": "web", "log": "docker:…", "lines": ["…", …]}, …]}
/// Control characters are escaped, as is what no UTF-8 is: a terminal may show it.
std::string unmatched_json(const model::Snapshot& snapshot, std::span<const model::UnmatchedLines> logs);

/// {"error": "…"}
std::string error_json(const std::string& text);

}  // namespace benchd::api
