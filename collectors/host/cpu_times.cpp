#include "collectors/host/cpu_times.h"

#include <algorithm>

#include "base/cpu_set.h"
#include "base/text.h"

namespace benchd::host {

std::optional<CpuLine> parse_cpu_line(std::string_view line) {
  if (!line.starts_with("cpu")) return std::nullopt;
  line.remove_prefix(3);
  CpuLine parsed;
  const auto cpu = base::parse_integer<uint32_t>(base::cut(line, ' '));
  if (!cpu || *cpu >= base::kMaxCpus) return std::nullopt;
  parsed.cpu = *cpu;
  for (uint64_t& ticks : parsed.ticks) {
    const auto number = base::take_integer(line);
    if (!number) return std::nullopt;
    ticks = *number;
  }
  return parsed;
}

uint64_t CpuTimes::hold(Kept& kept, uint64_t raw, uint64_t elapsed) const {
  // Began anew: it holds no more than the time since the read before, and held much more then.
  const uint64_t slack = elapsed + base::kSecond;
  if (raw < kept.raw && raw * tick_ns_ <= slack && kept.raw * tick_ns_ > 2 * slack) kept.offset = kept.shown;
  kept.raw = raw;
  kept.shown = std::max(kept.shown, raw + kept.offset);
  return kept.shown * tick_ns_;
}

void CpuTimes::set_times(const CpuLine& line, base::Instant now, model::HostCpu& cpu) {
  if (kept_.size() <= line.cpu) kept_.resize(line.cpu + 1);
  auto& kept = kept_[line.cpu];
  const auto elapsed = static_cast<uint64_t>(std::max<base::Instant>(now - last_, 0));
  for (size_t mode = 0; mode < model::kCpuModeCount; ++mode)
    cpu.time_ns[mode] = hold(kept[mode], line.ticks[mode], elapsed);
  cpu.guest_ns = hold(kept[8], line.ticks[8], elapsed);
  cpu.guest_nice_ns = hold(kept[9], line.ticks[9], elapsed);
}

bool CpuTimes::update(std::string_view stat, base::Instant now, std::vector<model::HostCpu>& cpus) {
  bool changed = false;
  size_t place = 0;
  const auto here = [&] { return cpus.begin() + static_cast<std::ptrdiff_t>(place); };
  while (
      stat.starts_with("cpu")) {  // they come first, ascending; the long line of interrupts after them is not scanned
    const auto line = parse_cpu_line(base::cut(stat, '\n'));
    if (!line) continue;
    while (place < cpus.size() && cpus[place].cpu < line->cpu) {
      cpus.erase(here());
      changed = true;
    }
    if (place == cpus.size() || cpus[place].cpu != line->cpu) {
      cpus.insert(here(), model::HostCpu{.cpu = line->cpu});
      changed = true;
    }
    set_times(*line, now, cpus[place]);
    ++place;
  }
  changed |= place < cpus.size();
  cpus.erase(here(), cpus.end());
  last_ = now;
  return changed;
}

}  // namespace benchd::host
