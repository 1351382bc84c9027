#include "analysis/cpu_spread.h"

#include <algorithm>

namespace benchd::analysis {

std::optional<model::CpuSpread> cpu_spread(std::span<const model::CpuTime> before,
                                           std::span<const model::CpuTime> after) {
  double sum = 0;
  double squares = 0;
  double most = 0;
  size_t earlier = 0;
  for (const model::CpuTime& cpu : after) {
    while (earlier < before.size() && before[earlier].cpu < cpu.cpu) ++earlier;
    const bool known = earlier < before.size() && before[earlier].cpu == cpu.cpu;
    const uint64_t begin = known ? before[earlier].nanoseconds : 0;
    const auto used = static_cast<double>(cpu.nanoseconds - std::min(cpu.nanoseconds, begin));
    sum += used;
    squares += used * used;
    most = std::max(most, used);
  }
  if (sum == 0) return std::nullopt;
  return model::CpuSpread{.effective_cpus = sum * sum / squares,
                          .imbalance = most * static_cast<double>(after.size()) / sum};
}

void SpreadWindow::look(base::Instant now, const std::vector<model::CpuTime>& cpus,
                        std::optional<model::CpuSpread>& spread) {
  if (begin_ && now - *begin_ < kWindow) return;
  if (begin_) spread = cpu_spread(at_begin_, cpus);
  begin_ = now;
  at_begin_ = cpus;
}

}  // namespace benchd::analysis
