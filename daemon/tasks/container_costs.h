#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "analysis/task_costs.h"
#include "base/clock.h"
#include "model/reading.h"
#include "model/task.h"

namespace benchd::daemon {

/// What one container has used, as its tasks are charged with it.
model::Usage usage_in(const model::Reading& reading);

/// What the tasks of one container cost, whichever of its logs they stand in.
class ContainerCosts {
 public:
  /// It was made then, and had used nothing.
  void born(base::Instant at) { costs_.used(at, {}); }
  void read(const model::Reading& reading) { costs_.used(reading.at, usage_in(reading)); }
  /// Its CPU time alone.
  void read_cpu(base::Instant at, uint64_t cpu_ns) { costs_.cpu_used(at, cpu_ns); }

  /// Only tasks whose start and end are known have a cost. `wall_offset` as of now: what was written long before a step
  /// of the wall clock has no cost.
  /// `own_cpu_ns`: see analysis::TaskCosts::task.
  void task(const model::TaskKey& key, const model::TaskReport& report, int64_t wall_offset,
            std::optional<uint64_t> own_cpu_ns = std::nullopt);

  /// How long its tasks took lately, nanoseconds: how often its CPU time is worth a look. Nothing before the first.
  std::optional<int64_t> typical() const { return typical_; }

  struct Grown {
    std::vector<model::TaskFigures> tasks;  ///< a key at most once; the cost alone
    model::Usage residual;
    bool empty() const { return tasks.empty() && residual == model::Usage(); }
  };
  /// What can be told now and was not yet. `held`: see analysis::TaskCosts::close.
  Grown close(base::Instant now, std::optional<base::Instant> held);
  /// The container and its logs ended.
  Grown finish();

 private:
  Grown take();

  analysis::TaskCosts costs_;
  std::optional<int64_t> typical_;
  std::map<model::TaskKey, uint32_t> numbers_;
  std::vector<model::TaskKey> keys_;  ///< by number
  analysis::TaskCosts::Closed closed_;
};

}  // namespace benchd::daemon
