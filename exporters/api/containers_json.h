#pragma once

#include <string>

#include "model/snapshot.h"

namespace benchd::api {

/// The body of /api/v1/containers, always valid UTF-8:
///   {"boot_id": "…", "time": UNIX, "containers": [
///     {"id": "/system.slice/docker-….scope", "cgroup_id": 4711, "runtime": "docker", "runtime_id": "…",
///      "state": "running"|"finished", "first_seen": UNIX, "read": UNIX, "finished": UNIX,
///      "name": "web", "image": "…", "image_digest": "…", "labels": {"com.docker.compose.service": "web"},
///      "created": UNIX, "started": UNIX, "exit_code": 0, "oom_killed": false, "health": "…", "restarts": 0,
///      "requested": {"cpus": 1.5, "memory_bytes": N}, "log": {"driver": "…", "path": "…"}, "init_pid": N,
///      "files": {"cpu.stat": {"usage_usec": N, …}, "cpu.max": {"quota": "max", "period": 100000},
///                "memory.current": N, "memory.max": "max", "cpu.pressure": {"some": {"total": N}, "full": {…}},
///                "cpuset.cpus.effective": "0-3", "cgroup.procs": {"count": N},
///                "io.stat": [{"device": "254:0", "name": "vda", "rbytes": N, …}], …},
///      "network": {"scope": "own", "interfaces": [{"interface": "eth0", "receive_bytes": N, …}]}}, …]}
/// `files` has the kernel's files, keys and units; numbers are exact to 64 bits, a limit that is none is "max", what
/// the kernel or the runtime does not give is a missing key. Exit code and OOM state are those of a finished container:
/// while one runs, an engine reports its predecessor's. UNIX is in seconds.
std::string containers_json(const model::Snapshot& snapshot);

}  // namespace benchd::api
