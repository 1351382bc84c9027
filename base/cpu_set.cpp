#include "base/cpu_set.h"

#include "base/text.h"

namespace benchd::base {

std::optional<CpuSet> parse_cpu_list(std::string_view text) {
  CpuSet cpus;
  text = trim(text);
  while (!text.empty()) {
    std::string_view range = cut(text, ',');
    const bool single = range.find('-') == std::string_view::npos;
    const auto first = parse_integer<size_t>(cut(range, '-'));
    const auto last = single ? first : parse_integer<size_t>(range);
    if (!first || !last || *first > *last || *last >= kMaxCpus) return std::nullopt;
    for (size_t cpu = *first; cpu <= *last; ++cpu) cpus.set(cpu);
  }
  return cpus;
}

std::string format_cpu_list(const CpuSet& cpus) {
  std::string out;
  for (size_t cpu = 0; cpu < kMaxCpus; ++cpu) {
    if (!cpus[cpu]) continue;
    size_t last = cpu;
    while (last + 1 < kMaxCpus && cpus[last + 1]) ++last;
    if (!out.empty()) out += ',';
    out += std::to_string(cpu);
    if (last > cpu) out += '-' + std::to_string(last);
    cpu = last;
  }
  return out;
}

}  // namespace benchd::base
