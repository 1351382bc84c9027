#include "exporters/page/rates.h"

#include <algorithm>

namespace benchd::page {
namespace {

using model::CpuMode;
using Counter = std::optional<uint64_t>;

/// Nothing also for a counter that fell: a device or an interface went away.
std::optional<double> growth(Counter before, Counter now) {
  if (!before || !now || *now < *before) return std::nullopt;
  return static_cast<double>(*now - *before);
}

std::optional<double> per(std::optional<double> amount, double divisor) {
  if (!amount || divisor <= 0) return std::nullopt;
  return *amount / divisor;
}

double seconds(base::Instant from, base::Instant to) {
  return static_cast<double>(to - from) / static_cast<double>(base::kSecond);
}

}  // namespace

Baseline::Marks Baseline::marks(const model::Reading& reading) {
  Marks marks{.at = reading.at,
              .cpu_us = reading.values.get(model::Field::CpuUsage),
              .periods = reading.values.get(model::Field::CpuPeriods),
              .throttled_periods = reading.values.get(model::Field::CpuThrottledPeriods)};
  for (const model::DeviceIo& row : reading.io) {
    marks.read_bytes = marks.read_bytes.value_or(0) + row.read_bytes;
    marks.written_bytes = marks.written_bytes.value_or(0) + row.written_bytes;
  }
  for (const model::InterfaceTraffic& row : reading.network) {
    marks.received_bytes = marks.received_bytes.value_or(0) + row.receive_bytes;
    marks.transmitted_bytes = marks.transmitted_bytes.value_or(0) + row.transmit_bytes;
  }
  return marks;
}

Baseline::Baseline(const model::Snapshot& snapshot)
    : taken_(snapshot.taken),
      host_at_(snapshot.host.at),
      host_values_(snapshot.host.values),
      host_cpus_(snapshot.host.cpus) {
  for (const model::ContainerSnapshot& container : snapshot.containers)
    containers_.emplace(container.container->cgroup_id, marks(container.reading));
}

ContainerRates Baseline::rates(const model::ContainerSnapshot& now) const {
  const auto known = containers_.find(now.container->cgroup_id);
  if (known == containers_.end()) return {};
  const Marks& before = known->second;
  const Marks after = marks(now.reading);
  const double window = seconds(before.at, after.at);
  return {.cpus = per(growth(before.cpu_us, after.cpu_us), window * 1e6),
          .throttled = per(growth(before.throttled_periods, after.throttled_periods),
                           growth(before.periods, after.periods).value_or(0)),
          .read_bytes = per(growth(before.read_bytes, after.read_bytes), window),
          .written_bytes = per(growth(before.written_bytes, after.written_bytes), window),
          .received_bytes = per(growth(before.received_bytes, after.received_bytes), window),
          .transmitted_bytes = per(growth(before.transmitted_bytes, after.transmitted_bytes), window)};
}

HostRates Baseline::rates(const model::HostReading& now) const {
  HostRates rates;
  const double window = seconds(host_at_, now.at);
  const auto pressure = [&](model::HostField field) {
    const auto share = per(growth(host_values_.get(field), now.values.get(field)), window * 1e6);
    return share ? std::optional(std::min(*share, 1.0)) : std::nullopt;
  };
  rates.cpu_pressure = pressure(model::HostField::CpuPressureSome);
  rates.memory_pressure = pressure(model::HostField::MemoryPressureSome);
  rates.io_pressure = pressure(model::HostField::IoPressureSome);

  for (const model::HostCpu& cpu : now.cpus) {
    const auto before = std::find_if(host_cpus_.begin(), host_cpus_.end(),
                                     [&](const model::HostCpu& other) { return other.cpu == cpu.cpu; });
    if (before == host_cpus_.end()) continue;
    const auto grown = [&](CpuMode mode) { return growth(before->time(mode), cpu.time(mode)).value_or(0); };
    const double busy = grown(CpuMode::User) + grown(CpuMode::Nice) + grown(CpuMode::System) + grown(CpuMode::Irq) +
                        grown(CpuMode::SoftIrq);
    const double steal = grown(CpuMode::Steal);
    // Of the time the kernel accounted, not of the window: both then have the same tick.
    const double all = busy + steal + grown(CpuMode::Idle) + grown(CpuMode::IoWait);
    if (all > 0) rates.cpus.push_back({.cpu = cpu.cpu, .busy = busy / all, .steal = steal / all});
  }
  return rates;
}

}  // namespace benchd::page
