#pragma once

#include <cstdint>
#include <span>

#include "analysis/inference/selection.h"
#include "model/verdict.h"

/// Two independent samples: Hodges-Lehmann's shift and the interval that inverts the Mann-Whitney test.
namespace benchd::analysis {

/// The largest sample of either side with the exact interval.
inline constexpr uint64_t kExactRankSum = 50;

/// The median of the differences variant - baseline and its interval at confidence 1 - `alpha`, as R's
/// wilcox.test(variant, baseline, conf.int=TRUE) gives it. Several strata (hosts): differences within each, the counts
/// of all of them together (van Elteren without weights). Exact as long as no side of a stratum is larger than
/// kExactRankSum, ties ignored; beyond it the normal approximation with the corrections for continuity and ties.
/// No bounds where there are too few values for alpha. Each side of each stratum has at least one value; infinities
/// may be among them, no NaN.
model::Estimate rank_sum(std::span<const Samples> strata, double alpha);

/// The fewest values on each side, in one stratum, with an interval at 1 - `alpha`: 4 at 5 %.
uint64_t least_rank_sum(double alpha);

}  // namespace benchd::analysis
