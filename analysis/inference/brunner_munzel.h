#pragma once

#include <span>

#include "model/verdict.h"

namespace benchd::analysis {

/// P(variant < baseline) + P(variant = baseline) / 2 of two independent samples, and its interval at confidence
/// 1 - `alpha` by Brunner and Munzel (2000, Biometrical Journal 42:17), which needs neither equal spreads nor equal
/// shapes. No bounds below 2 values a side, nor where no value of one side lies among the other's: the variance of the
/// ranks is then 0. Infinities may be among the values, no NaN. The bounds are cut to 0 … 1.
model::Estimate brunner_munzel(std::span<const double> baseline, std::span<const double> variant, double alpha);

}  // namespace benchd::analysis
