#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/status.h"

namespace benchd::cgroup {

/// Where the host's cgroup v2 hierarchy is, and what it can count.
struct Mount {
  std::string path;  ///< "/sys/fs/cgroup", "/sys/fs/cgroup/unified", or the given root; no trailing slash
  /// What /proc/PID/cgroup puts before a path below `path`; empty but for a part of a hierarchy. "/.." and so on where
  /// `path` is above the root of this process's cgroup namespace.
  std::string below;
  bool partial = false;  ///< found, not given, and it does not show the host's root: the rest cannot be seen
  bool unified = false;  ///< no cgroup v1 hierarchy is mounted beside it; false on a hybrid host
  std::vector<std::string> controllers;  ///< of cgroup.controllers at `path`
  std::vector<std::string> enabled;      ///< of cgroup.subtree_control at `path`: what children have
};

/// A controller and the hierarchy that it is mounted in, v1 or v2.
struct ControllerMount {
  std::string controller;
  std::string path;
};

/// All controllers of the host as libcgroup finds them in /proc/cgroups and /proc/mounts; empty where the library
/// fails. Start-up only: the library fills global tables (0.8 MB) and is not safe beside other threads.
std::vector<ControllerMount> controllers_by_libcgroup();

struct MountOptions {
  std::string proc = "/proc";
  std::string given_root;  ///< a directory in a cgroup2 file system, to be taken as the root; empty = find it
  bool (*is_cgroup2)(const std::string& path) = nullptr;  ///< for tests; null = statfs says CGROUP2_SUPER_MAGIC
};

/// Finds the hierarchy in `proc`/self/mountinfo and checks it by statfs. Of several, the one at the usual place wins:
/// /sys/fs/cgroup, /sys/fs/cgroup/unified, else the first that shows the whole hierarchy. The Error says what to do.
base::Result<Mount> find_mount(const MountOptions& options = {});

/// What this hierarchy lacks of what benchd reads: controllers that belong to v1, are switched off or are not enabled
/// for children, and pressure. `known` tells where a missing controller is. Empty on a complete host.
std::vector<model::State> missing_in(const Mount& mount, const std::vector<ControllerMount>& known);

}  // namespace benchd::cgroup
