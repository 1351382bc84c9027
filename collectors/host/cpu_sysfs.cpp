#include "collectors/host/cpu_sysfs.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <cerrno>
#include <cstdio>

#include <fcntl.h>

#include "base/clock.h"
#include "base/cpu_set.h"
#include "base/text.h"

namespace benchd::host {
namespace {

constexpr size_t kMaxPackages = 1024;

std::optional<uint64_t> times(std::optional<uint64_t> value, uint64_t factor) {
  return value ? std::optional(*value * factor) : std::nullopt;
}

}  // namespace

CpuSysfs::CpuSysfs(const std::string& sys) {
  auto directory = base::open_directory(AT_FDCWD, (sys + "/devices/system/cpu").c_str());
  if (directory) directory_ = *std::move(directory);
}

base::FileText CpuSysfs::read(uint32_t cpu, const char* file, base::ReadBuffer& buffer) const {
  std::array<char, 96> path{};
  std::snprintf(path.data(), path.size(), "cpu%u/%s", cpu, file);
  return base::read_file(directory_.get(), path.data(), buffer);
}

template <class Integer>
std::optional<Integer> CpuSysfs::read_integer(uint32_t cpu, const char* file, base::ReadBuffer& buffer,
                                              int* error) const {
  const base::FileText text = read(cpu, file, buffer);
  if (error != nullptr && !text.ok()) *error = text.error;
  return text.ok() ? base::parse_integer<Integer>(base::trim(text.text)) : std::nullopt;
}

int CpuSysfs::read_frequency(std::vector<model::HostCpu>& cpus, base::ReadBuffer& buffer) const {
  bool any = false;
  int error = ENOENT;
  for (model::HostCpu& cpu : cpus) {
    cpu.frequency_hz = times(read_integer<uint64_t>(cpu.cpu, "cpufreq/scaling_cur_freq", buffer, &error), 1000);
    any |= cpu.frequency_hz.has_value();
  }
  return any ? 0 : error;
}

int CpuSysfs::read_throttle(std::vector<model::HostCpu>& cpus, base::ReadBuffer& buffer) const {
  bool any = false;
  int error = ENOENT;
  for (model::HostCpu& cpu : cpus) {
    const auto number = [&](const char* file) { return read_integer<uint64_t>(cpu.cpu, file, buffer, &error); };
    model::ThermalThrottle& throttle = cpu.throttle;
    throttle.core_events = number("thermal_throttle/core_throttle_count");
    throttle.core_ns = times(number("thermal_throttle/core_throttle_total_time_ms"), base::kMillisecond);
    throttle.package_events = number("thermal_throttle/package_throttle_count");
    throttle.package_ns = times(number("thermal_throttle/package_throttle_total_time_ms"), base::kMillisecond);
    any |= throttle.core_events || throttle.package_events;
  }
  return any ? 0 : error;
}

void CpuSysfs::read_topology(std::vector<model::HostCpu>& cpus, model::HostTopology& topology,
                             base::ReadBuffer& buffer) const {
  topology = {};
  if (cpus.empty()) return;
  topology.cpus = static_cast<uint32_t>(cpus.size());
  std::bitset<kMaxPackages> packages;
  uint32_t cores = 0;
  bool smt = false;
  for (model::HostCpu& cpu : cpus) {
    cpu.core = read_integer<uint32_t>(cpu.cpu, "topology/core_id", buffer);
    cpu.package = read_integer<uint32_t>(cpu.cpu, "topology/physical_package_id", buffer);
    if (cpu.package && *cpu.package < kMaxPackages) packages.set(*cpu.package);
    const base::FileText text = read(cpu.cpu, "topology/thread_siblings_list", buffer);
    const auto siblings = text.ok() ? base::parse_cpu_list(text.text) : std::nullopt;
    if (!siblings) continue;
    smt |= siblings->count() > 1;
    // Core ids repeat between packages and dies; a core is counted at its first cpu instead.
    if (siblings->_Find_first() == cpu.cpu) ++cores;
  }
  if (packages.any()) topology.sockets = static_cast<uint32_t>(packages.count());
  if (cores > 0) {
    topology.physical_cores = cores;
    topology.smt = smt;
  }
}

}  // namespace benchd::host
