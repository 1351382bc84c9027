#include "analysis/inference/trimmed_mean.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "analysis/inference/distributions.h"

namespace benchd::analysis {

model::TrimmedMean trimmed_mean(std::span<const double> values, double share, double alpha) {
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  const auto n = static_cast<double>(sorted.size());
  const auto dropped = static_cast<size_t>(share * n);
  const size_t last = sorted.size() - 1 - dropped;
  const auto left = static_cast<double>(last + 1 - dropped);

  const auto begin = sorted.begin() + static_cast<std::ptrdiff_t>(dropped);
  const auto end = sorted.begin() + static_cast<std::ptrdiff_t>(last + 1);
  model::TrimmedMean result{dropped, {std::accumulate(begin, end, 0.0) / left, std::nullopt}};
  if (left < 2) return result;

  std::fill(sorted.begin(), begin, *begin);
  std::fill(end, sorted.end(), sorted[last]);
  const double mean = std::accumulate(sorted.begin(), sorted.end(), 0.0) / n;
  double squares = 0;
  for (const double value : sorted) squares += (value - mean) * (value - mean);
  const double half = student_t_quantile(1 - alpha / 2, left - 1) * std::sqrt(squares / (left * (left - 1)));
  result.mean.bounds = model::Bounds{result.mean.value - half, result.mean.value + half};
  return result;
}

}  // namespace benchd::analysis
