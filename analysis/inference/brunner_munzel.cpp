#include "analysis/inference/brunner_munzel.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "analysis/inference/distributions.h"

namespace benchd::analysis {
namespace {

/// One side's placements: for each value the share of the other side's that lies below it, ties by half.
struct Placements {
  double mean = 0;
  double variance = 0;
};

Placements placements(std::span<const double> values, const std::vector<double>& other_sorted) {
  std::vector<double> shares;
  shares.reserve(values.size());
  for (const double value : values) {
    const auto [first, last] = std::equal_range(other_sorted.begin(), other_sorted.end(), value);
    shares.push_back((static_cast<double>(first - other_sorted.begin()) + static_cast<double>(last - first) / 2) /
                     static_cast<double>(other_sorted.size()));
  }
  Placements result;
  result.mean = std::accumulate(shares.begin(), shares.end(), 0.0) / static_cast<double>(shares.size());
  for (const double share : shares)
    result.variance += (share - result.mean) * (share - result.mean) / static_cast<double>(shares.size() - 1);
  return result;
}

std::vector<double> sorted(std::span<const double> values) {
  std::vector<double> copy(values.begin(), values.end());
  std::sort(copy.begin(), copy.end());
  return copy;
}

}  // namespace

model::Estimate brunner_munzel(std::span<const double> baseline, std::span<const double> variant, double alpha) {
  const auto n = static_cast<double>(baseline.size()), m = static_cast<double>(variant.size());
  const Placements of_baseline = placements(baseline, sorted(variant));
  model::Estimate estimate{of_baseline.mean, std::nullopt};
  if (n < 2 || m < 2) return estimate;
  const Placements of_variant = placements(variant, sorted(baseline));
  // Rank minus rank within one's own side = the other side's size times the placement.
  const double a = of_baseline.variance / n, b = of_variant.variance / m;
  if (a + b == 0) return estimate;
  const double degrees = (a + b) * (a + b) / (a * a / (n - 1) + b * b / (m - 1));
  const double half = student_t_quantile(1 - alpha / 2, degrees) * std::sqrt(a + b);
  estimate.bounds = model::Bounds{std::max(estimate.value - half, 0.0), std::min(estimate.value + half, 1.0)};
  return estimate;
}

}  // namespace benchd::analysis
