#pragma once

#include <optional>

#include "model/durations.h"

/// Distributions of durations.
namespace benchd::analysis {

void add(model::Durations& totals, const model::Durations& more);
/// `totals` without what it had before; what would be less than nothing is nothing.
model::Durations grown(const model::Durations& totals, const model::Durations& before);

/// The duration below which a share of them lies (0 < share < 1), in seconds, right to 0.8 %: the smallest of which at
/// least so many are no greater, as in "nearest rank". Nothing of no durations.
std::optional<double> percentile(const model::Durations& durations, double share);

}  // namespace benchd::analysis
