#pragma once

#include "model/log.h"
#include "model/task.h"

/// Adds what was counted since to what was counted before.
namespace benchd::analysis {

void add(model::Usage& totals, const model::Usage& more);
/// Histograms have the same bounds; an empty one is all zeros.
void add(model::TaskTotals& totals, const model::TaskTotals& more);
void add(model::LogCounts& counts, const model::LogCounts& more);

}  // namespace benchd::analysis
