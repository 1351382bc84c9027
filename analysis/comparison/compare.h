#pragma once

#include <span>

#include "base/result.h"
#include "model/run.h"
#include "model/verdict.h"

namespace benchd::analysis {

/// What a comparison depends on beside the experiment and its runs.
struct Question {
  uint64_t look = 1;          ///< at this campaign, from 1
  bool planned_end = true;    ///< all planned runs are there: spend what early looks left
  bool accept_order = false;  ///< a verdict even where runs were not interleaved
};

/// Every variant of `experiment` against its baseline. `runs` in the order of their starts, warm-up runs left out; no
/// Run::variant beyond the experiment's. Where all have a block, by block; where none has and the order of starts
/// alternates, by blocks found in it; else unpaired, host by host. An Error where there is nothing to compare, where a
/// variant and the baseline have no host in common, or where a block has the same variant twice.
base::Result<model::ComparisonSet> compare(const model::Experiment& experiment, std::span<const model::Run> runs,
                                           const Question& question);

}  // namespace benchd::analysis
