#pragma once

#include "collectors/host/host_collector.h"
#include "model/run_record.h"

namespace benchd::host {

/// What this host is, at this moment, from
///   proc/sys/kernel/{hostname,osrelease}, the first "model name" of proc/cpuinfo
///   sys/devices/system/cpu/{online,smt/active}, cpuN/cpufreq/scaling_governor of the online ones
///   sys/devices/system/cpu/intel_pstate/no_turbo, else cpufreq/boost (Documentation/admin-guide/pm)
/// A file that is not there leaves its fact unknown: virtual machines have no governor.
model::HostFacts read_facts(const HostRoots& roots = {});

}  // namespace benchd::host
