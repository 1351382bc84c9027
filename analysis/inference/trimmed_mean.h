#pragma once

#include <span>

#include "model/verdict.h"

namespace benchd::analysis {

/// The mean without the ⌊share·n⌋ lowest and as many highest of `values`, with the Tukey-McLaughlin interval at
/// confidence 1 - `alpha`: its error comes from the winsorized variance of all values. (The standard deviation of the
/// survivors, as people take it, makes a "95 %" interval that holds in 80–87 % of cases.) `share` below 0.5; all values
/// finite, at least one. No bounds where fewer than 2 values are left.
model::TrimmedMean trimmed_mean(std::span<const double> values, double share, double alpha);

}  // namespace benchd::analysis
