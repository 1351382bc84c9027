#pragma once

#include <span>
#include <vector>

#include "model/experiment.h"

namespace benchd::analysis {

/// The experiment of each cell of a matrix, named after both; without cells the experiment itself. Each has as much of
/// the confidence as lets all intervals together keep that of the whole (Bonferroni).
std::vector<model::Experiment> experiments_of(const model::Experiment& whole, std::span<const model::Cell> cells);

}  // namespace benchd::analysis
