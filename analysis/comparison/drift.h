#pragma once

#include <span>

#include "model/verdict.h"

namespace benchd::analysis {

/// The straight line through `logs`, values in the order of starts, and whether it is steeper than all but 5 % of those
/// through the same values shifted around a circle: shifts keep what neighbours have in common, so that a series which
/// wanders does not pass for one that drifts. Nothing below 20 values: the null is too coarse for 5 %.
std::optional<model::Drift> drift(std::span<const double> logs);

}  // namespace benchd::analysis
