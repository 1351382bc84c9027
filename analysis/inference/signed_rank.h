#pragma once

#include <cstdint>
#include <span>

#include "model/verdict.h"

/// One sample: Hodges-Lehmann's pseudo-median and the interval that inverts Wilcoxon's signed-rank test.
namespace benchd::analysis {

/// The largest sample with the exact interval.
inline constexpr uint64_t kExactSignedRank = 50;

/// The pseudo-median (median of the Walsh averages) and its interval at confidence 1 - `alpha`, as R's
/// wilcox.test(conf.int=TRUE) gives it. Up to kExactSignedRank values the exact rank without ties, ties ignored: the
/// q-th Walsh average from either end, q the smallest with P(W <= q) >= alpha / 2, at least 1. Beyond it the normal
/// approximation with the corrections for continuity and ties. No bounds where there are too few values for alpha.
/// Values in any order, at least one, infinities included, no NaN.
model::Estimate signed_rank(std::span<const double> values, double alpha);

/// The fewest values with an interval at 1 - `alpha`: 6 at 5 %.
uint64_t least_signed_rank(double alpha);

}  // namespace benchd::analysis
