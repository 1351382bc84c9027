#include "daemon/campaign/measure/host_noise.h"

#include <charconv>
#include <cmath>

#include <fmt/format.h>
#include <unistd.h>

#include "base/text.h"
#include "collectors/host/cpu_times.h"

namespace benchd::campaign {
namespace {

/// What ticks of 10 ms cannot tell: half of five of them.
constexpr uint64_t kLeastTold = 50'000'000;

/// Columns of /proc/stat: user nice system idle iowait irq softirq steal; guest time is inside user and nice.
constexpr size_t kBusy[] = {0, 1, 2, 5, 6};
constexpr size_t kIdle[] = {3, 4};
constexpr size_t kSteal = 7;

std::optional<double> first_number(const std::string& path) {
  const auto text = base::read_text(path);
  if (!text.ok()) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

/// KiB behind `key` of /proc/meminfo.
uint64_t meminfo(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    std::string_view line = base::cut(text, '\n');
    if (!line.starts_with(key)) continue;
    line.remove_prefix(key.size());
    return base::take_integer(line).value_or(0);
  }
  return 0;
}

std::string percent(double share) {
  return fmt::format("{:.0f} %", share * 100);
}

}  // namespace

std::vector<std::string> noise_warnings(const model::HostFacts& facts, const host::HostRoots& roots) {
  std::vector<std::string> warnings;
  if (!facts.governor.empty() && facts.governor != "performance")
    warnings.push_back(
        fmt::format("the clock follows the load (governor {}); steady: cpupower frequency-set -g "
                    "performance",
                    facts.governor));
  if (facts.turbo == true)
    warnings.push_back(
        "turbo is on: the clock depends on heat and on how many cpus work; off: echo 1 > "
        "/sys/devices/system/cpu/intel_pstate/no_turbo, or echo 0 > "
        "/sys/devices/system/cpu/cpufreq/boost");
  if (facts.smt == true)
    warnings.push_back(
        "SMT is on: two cpus share a core, and who runs beside a run slows it down; off: echo off > "
        "/sys/devices/system/cpu/smt/control, or pin runs to one cpu of each core");
  const auto load = first_number(roots.proc + "/loadavg");
  if (load && facts.cpus > 0 && *load > 0.25 * facts.cpus)
    warnings.push_back(
        fmt::format("others are at work: a load of {:.1f} on {} cpus in the last minute", *load, facts.cpus));
  if (const auto text = base::read_text(roots.proc + "/meminfo"); text.ok()) {
    const uint64_t swapped = meminfo(*text, "SwapTotal:") - meminfo(*text, "SwapFree:");
    const uint64_t all = meminfo(*text, "MemTotal:"), free = meminfo(*text, "MemAvailable:");
    if (swapped > 0 && free < all / 10)
      warnings.push_back(
          fmt::format("memory is short: {} MiB are swapped out, {} MiB available", swapped / 1024, free / 1024));
  }
  return warnings;
}

NoiseMeter::NoiseMeter(const ExclusionRule& rule, const host::HostRoots& roots)
    : rule_(rule), stat_(roots.proc + "/stat"), sysfs_(roots.sys) {
  const auto ticks = ::sysconf(_SC_CLK_TCK);
  tick_ns_ = 1'000'000'000 / static_cast<uint64_t>(ticks > 0 ? ticks : 100);
}

NoiseMeter::Times NoiseMeter::look() {
  Times times;
  const base::FileText text = stat_.read(buffer_);
  std::vector<model::HostCpu> cpus;
  for (std::string_view rest = text.text; rest.starts_with("cpu");) {
    const auto line = host::parse_cpu_line(base::cut(rest, '\n'));
    if (!line || line->cpu >= base::kMaxCpus || (cpus_.any() && !cpus_[line->cpu])) continue;
    ++times.cpus;
    for (const size_t column : kBusy) times.busy_ns += line->ticks[column] * tick_ns_;
    times.steal_ns += line->ticks[kSteal] * tick_ns_;
    for (const size_t column : kIdle) times.all_ns += line->ticks[column] * tick_ns_;
    cpus.push_back({.cpu = line->cpu});
  }
  times.all_ns += times.busy_ns + times.steal_ns;
  if (tells_heat_) {
    tells_heat_ = sysfs_.read_throttle(cpus, buffer_) == 0;
    for (const model::HostCpu& cpu : cpus)
      times.throttled += cpu.throttle.core_events.value_or(0) + cpu.throttle.package_events.value_or(0);
  }
  return times;
}

void NoiseMeter::begin(const base::CpuSet& cpus) {
  if (!rule_.enabled) return;
  cpus_ = cpus;
  before_ = look();
}

std::string NoiseMeter::end(uint64_t run_cpu_usec) {
  if (!rule_.enabled) return {};
  const Times after = look();
  if (after.throttled > before_.throttled) return "the clock was cut by heat";
  const auto grown = [](uint64_t now, uint64_t then) { return now > then ? now - then : 0; };
  const uint64_t all = grown(after.all_ns, before_.all_ns);
  const uint64_t busy = grown(after.busy_ns, before_.busy_ns);
  const uint64_t steal = grown(after.steal_ns, before_.steal_ns);
  const uint64_t foreign = grown(busy, run_cpu_usec * 1000);
  const auto share = [&](uint64_t part) { return static_cast<double>(part) / static_cast<double>(all); };
  if (steal >= kLeastTold && share(steal) >= rule_.steal)
    return "the hypervisor took more than " + percent(rule_.steal) + " of the cpus";
  if (foreign >= kLeastTold && share(foreign) >= rule_.foreign_cpu)
    return "others used more than " + percent(rule_.foreign_cpu) + " of the cpus";
  return {};
}

}  // namespace benchd::campaign
