#pragma once

#include "base/result.h"
#include "daemon/campaign/cgroups/cgroup_home.h"
#include "daemon/campaign/cgroups/run_cgroup.h"
#include "daemon/campaign/definition/definition.h"

/// What a local variant is held to, by the files of its cgroup (kernel: Documentation/admin-guide/cgroup-v2.rst).
namespace benchd::campaign {

/// Whether runs below `home` are pinned by cpuset, which they cannot leave, or by affinity, which they may.
bool pins_by_cpuset(const CgroupHome& home);

/// ENOTSUP where a limit's controller is not there, EINVAL where a cpu is not: what cannot be kept is refused.
base::Result<base::Done> check_limits(const CgroupHome& home, const Variant& variant);

/// Holds what will be in `cgroup` to them. Cpus only where pins_by_cpuset().
base::Result<base::Done> limit(const RunCgroup& cgroup, const CgroupHome& home, const Variant& variant);

}  // namespace benchd::campaign
