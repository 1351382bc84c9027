#include "analysis/comparison/rule.h"

#include <algorithm>
#include <cmath>

#include "analysis/inference/distributions.h"
#include "analysis/inference/signed_rank.h"

namespace benchd::analysis {

model::Verdict verdict_of(const model::Bounds& ratio, double threshold, bool higher_is_better) {
  using model::Verdict;
  const double upper = 1 + threshold, lower = 1 / upper;
  if (ratio.high < lower) return higher_is_better ? Verdict::Slower : Verdict::Faster;
  if (ratio.low > upper) return higher_is_better ? Verdict::Faster : Verdict::Slower;
  if (ratio.low >= lower && ratio.high <= upper) return Verdict::Equivalent;
  return Verdict::Inconclusive;
}

bool control_passes(const model::Estimate& ratio, double threshold) {
  return ratio.bounds && verdict_of(*ratio.bounds, threshold, false) == model::Verdict::Equivalent;
}

double alpha_of_look(double alpha, uint64_t look, bool planned_end) {
  // Before look j the early ones have spent alpha·(1 - 2^-(j-1)).
  return std::ldexp(alpha, -static_cast<int>(std::min<uint64_t>(planned_end ? look - 1 : look, 1000)));
}

model::RunsNeeded runs_needed(double log_effect, double deviation, double threshold, double alpha) {
  const double margin = std::log1p(threshold), beyond = std::abs(log_effect) - margin;
  if (std::abs(beyond) < margin / 10) return {false, 0};
  const double power = beyond > 0 ? 0.8 : 0.9;
  const double z = normal_quantile(1 - alpha / 2) + normal_quantile(power);
  const double runs = std::ceil(z * z * deviation * deviation / (beyond * beyond));
  constexpr double kMost = 1e15;  // finite, whatever the deviation
  return {true, std::max(static_cast<uint64_t>(std::min(runs, kMost)), least_signed_rank(alpha))};
}

}  // namespace benchd::analysis
