#include "daemon/tasks/container_costs.h"

#include <algorithm>
#include <utility>

namespace benchd::daemon {

model::Usage usage_in(const model::Reading& reading) {
  model::Usage used{.cpu_ns = reading.values.get(model::Field::CpuUsage).value_or(0) * 1'000};
  if (reading.threads) {
    used.on_cpu_ns = reading.threads->on_cpu;
    used.runnable_ns = reading.threads->runnable;
    used.blocked_ns = reading.threads->blocked;
  }
  for (const model::DeviceIo& io : reading.io) {
    used.io_read_bytes += io.read_bytes;
    used.io_written_bytes += io.written_bytes;
  }
  return used;
}

void ContainerCosts::task(const model::TaskKey& key, const model::TaskReport& report, int64_t wall_offset,
                          std::optional<uint64_t> own_cpu_ns) {
  if (!report.ended) return;
  std::optional<int64_t> started = report.started;
  if (!started && report.duration) started = *report.ended - *report.duration;
  if (!started) return;
  const auto [found, is_new] = numbers_.try_emplace(key, static_cast<uint32_t>(keys_.size()));
  if (is_new) keys_.push_back(key);
  const int64_t took = (*report.ended - *started) / static_cast<int64_t>(std::max<uint64_t>(report.count, 1));
  typical_ = typical_ ? *typical_ + (took - *typical_) / 8 : took;
  costs_.task(found->second, report.count, *started - wall_offset, *report.ended - wall_offset, own_cpu_ns);
}

ContainerCosts::Grown ContainerCosts::close(base::Instant now, std::optional<base::Instant> held) {
  costs_.close(now, held, closed_);
  return take();
}

ContainerCosts::Grown ContainerCosts::finish() {
  costs_.finish(closed_);
  return take();
}

ContainerCosts::Grown ContainerCosts::take() {
  Grown grown{.tasks = {}, .residual = std::exchange(closed_.residual, {})};
  for (const auto& [key, cost] : closed_.costs) grown.tasks.push_back({.key = keys_[key], .totals = {.cost = cost}});
  closed_.costs.clear();
  return grown;
}

}  // namespace benchd::daemon
