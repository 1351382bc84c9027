#include "analysis/comparison/drift.h"

#include <cmath>
#include <numeric>
#include <vector>

namespace benchd::analysis {

std::optional<model::Drift> drift(std::span<const double> logs) {
  if (logs.size() < 20) return std::nullopt;
  const auto n = static_cast<double>(logs.size());
  const double mean = std::accumulate(logs.begin(), logs.end(), 0.0) / n;
  // Σ i·y of centred y is the slope times Σ (i - (n-1)/2)². Moving the first value behind the last lowers each other
  // value's index by one: the sum changes by n·y.
  double moment = 0;
  for (size_t i = 0; i < logs.size(); ++i) moment += static_cast<double>(i) * (logs[i] - mean);
  const double observed = moment;
  // All-equal values have moments that are rounding errors.
  const double tiny = 1e-12 * n * n * (1 + std::abs(mean));
  uint64_t as_steep = 0;
  for (const double value : logs) {
    as_steep += std::abs(moment) >= std::abs(observed) - tiny ? 1 : 0;
    moment += n * (value - mean);
  }
  const double slope = observed / (n * (n * n - 1) / 12);
  return model::Drift{std::expm1(slope * (n - 1)), static_cast<double>(as_steep) <= 0.05 * n};
}

}  // namespace benchd::analysis
