#pragma once

#include <span>
#include <string>

#include "analysis/comparison/compare.h"
#include "model/run_record.h"

/// From runs as the ledger holds them to their comparison.
namespace benchd::analysis {

/// What can be known of an experiment that nobody defined, from its runs: its variants in the order of their first
/// starts, the first of them the baseline.
model::Experiment experiment_of(const std::string& name, std::span<const model::RunRecord> runs);

/// compare() of the runs that are of this experiment; warm-up runs are left out. An Error also where each variant has
/// one run at most, or where no run that counts has the measure: it says why.
base::Result<model::ComparisonSet> compare(const model::Experiment& experiment,
                                           std::span<const model::RunRecord> records, const Question& question);

}  // namespace benchd::analysis
