#pragma once

#include <cstdint>
#include <optional>

#include "model/verdict.h"

/// From an interval to a verdict. The threshold δ is log-symmetric: 1/(1+δ) … 1+δ.
namespace benchd::analysis {

/// FASTER and SLOWER where the whole interval of the ratio variant / baseline lies beyond the threshold, EQUIVALENT
/// where all of it lies within, else INCONCLUSIVE. A verdict is wrong only where the interval is.
model::Verdict verdict_of(const model::Bounds& ratio, double threshold, bool higher_is_better);

/// The A/A control: its interval lies within the threshold, so that this host can resolve it.
bool control_passes(const model::Estimate& ratio, double threshold);

/// Above that share of failures on either side there is no verdict.
inline constexpr double kMostFailures = 0.10;

/// What look `look` (from 1) at a growing campaign may be wrong by, of `alpha` for all looks: an early one
/// alpha/2^look, the one at the planned end all that is left.
double alpha_of_look(double alpha, uint64_t look, bool planned_end);

/// Runs of each variant for a verdict: `deviation` is the standard deviation of the log ratios, `alpha` that of one
/// comparison. Faster or slower with a chance of 80 %: (z₁₋α/₂ + z₀.₈)²·(s/(|effect| - δ))²; equivalent with one of 90
/// %: (z₁₋α/₂ + z₀.₉)²·(s/(δ - |effect|))², which is the usual one for no effect. Where the effect is nearer to δ than
/// a tenth of it, no number settles it.
model::RunsNeeded runs_needed(double log_effect, double deviation, double threshold, double alpha);

}  // namespace benchd::analysis
