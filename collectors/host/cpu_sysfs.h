#pragma once

#include <string>
#include <vector>

#include "base/file.h"
#include "model/host.h"

namespace benchd::host {

/// What /sys/devices/system/cpu tells of each cpu. A file that is absent leaves its value absent.
class CpuSysfs {
 public:
  /// `sys`: the root, "/sys".
  explicit CpuSysfs(const std::string& sys);

  /// cpufreq/scaling_cur_freq, kHz (Documentation/admin-guide/pm/cpufreq.rst). 0, or the errno if no cpu has it:
  /// virtual machines.
  int read_frequency(std::vector<model::HostCpu>& cpus, base::ReadBuffer& buffer) const;

  /// thermal_throttle/* (arch/x86/kernel/cpu/mce/therm_throt.c; Intel only). 0, or the errno if no cpu has it.
  int read_throttle(std::vector<model::HostCpu>& cpus, base::ReadBuffer& buffer) const;

  /// topology/* (Documentation/admin-guide/cputopology.rst) of each cpu, and what follows for the whole.
  void read_topology(std::vector<model::HostCpu>& cpus, model::HostTopology& topology, base::ReadBuffer& buffer) const;

 private:
  base::FileText read(uint32_t cpu, const char* file, base::ReadBuffer& buffer) const;
  template <class Integer>
  std::optional<Integer> read_integer(uint32_t cpu, const char* file, base::ReadBuffer& buffer,
                                      int* error = nullptr) const;

  base::Fd directory_;
};

}  // namespace benchd::host
