#pragma once

#include <string_view>

#include <sys/types.h>

#include "base/file.h"

namespace benchd::network {

/// Whether the text of /proc/PID/cgroup places the process in the cgroup `path` (below the cgroup2 mount, with a
/// leading slash) or below it. Only the line "0::PATH" is cgroup v2's; hybrid hosts have others beside it. `below` is
/// where in the hierarchy the mount is, if not at its root.
bool names_cgroup(std::string_view proc_cgroup, std::string_view path, std::string_view below = {});

/// Whether names_cgroup() can be asked at all. Where `below` leads out of this process's cgroup namespace ("/../.."),
/// the kernel names cgroups by the way from the namespace's root and not by their path (cgroup_namespaces(7)).
bool is_in_namespace(std::string_view below);

/// What a search among a container's processes gave.
struct ProcessSearch {
  pid_t pid = 0;        ///< 0 = none that has a number here
  bool hidden = false;  ///< there are processes, but of another pid namespace: cgroup.procs shows them as 0
};

/// The process with the lowest number in the cgroup, else in those below it (an init system inside the container makes
/// some; at most 64 are looked at). The lowest, because the init process came first and an inner container's later.
ProcessSearch first_process(std::string_view cgroup_root, std::string_view path, base::ReadBuffer& buffer);

/// Whether `pid` is among the processes that first_process() looks at.
bool lists_process(std::string_view cgroup_root, std::string_view path, pid_t pid, base::ReadBuffer& buffer);

}  // namespace benchd::network
