#pragma once

#include "model/container.h"
#include "model/mark.h"
#include "model/reading.h"
#include "model/workload.h"

/// How a container's counters become its workload's. Each of these moves a mark on and returns what that adds to the
/// totals; nothing is ever taken away.
namespace benchd::analysis {

/// What a reading adds: each counter's growth since the mark. A counter that is absent is as it was; one that fell adds
/// nothing, and goes on from where it is. A container that has, or had, a process has a run: populated, or with time on
/// a cpu where it was too brief to be seen so; populated after the end is the next run.
model::WorkloadTotals charge(model::Mark& mark, const model::Reading& reading);

/// Whether nothing but time passed between two states of a mark: its threads slept.
bool only_slept(const model::Mark& before, model::Mark after);

/// The kernel told that an ended container is populated anew: a further run, unless a reading has shown it already.
model::WorkloadTotals charge_restart(model::Mark& mark);

/// An ended container's run failed: it ended with an exit code that is not 0, or was killed for want of memory. Counted
/// once a run. `metadata` must be of this run: an engine reports the one before for a moment.
model::WorkloadTotals charge_failure(model::Mark& mark, const model::Metadata& metadata);

/// All that a mark stands for: what a workload gets of the container whose workload it becomes.
model::WorkloadTotals all_of(const model::Mark& mark);

void add(model::WorkloadTotals& totals, const model::WorkloadTotals& more);

}  // namespace benchd::analysis
