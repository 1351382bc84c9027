#include "analysis/inference/signed_rank.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "analysis/inference/distributions.h"
#include "analysis/inference/ranks.h"
#include "analysis/inference/selection.h"

namespace benchd::analysis {
namespace {

/// The smallest q with P(W <= q) >= alpha / 2. Of the 2^n equally likely sets of positive ranks, `ways[w]` have the sum
/// w; up to n = 50 a double counts them exactly.
uint64_t exact_rank(uint64_t n, double alpha) {
  std::vector<double> ways(walsh_averages(n) + 1);
  ways[0] = 1;
  for (uint64_t rank = 1; rank <= n; ++rank) {
    for (size_t w = ways.size(); w-- > rank;) ways[w] += ways[w - rank];
  }
  const double wanted = std::ldexp(alpha / 2, static_cast<int>(n));
  double sum = 0;
  uint64_t q = 0;
  while ((sum += ways[q]) < wanted) ++q;
  return q;
}

/// How many Walsh averages from either end the bounds are; 0 where there are too few.
uint64_t bound_rank(std::span<const double> sorted, double alpha) {
  const auto n = static_cast<double>(sorted.size());
  if (sorted.size() < least_signed_rank(alpha)) return 0;
  if (sorted.size() <= kExactSignedRank) return std::max<uint64_t>(exact_rank(sorted.size(), alpha), 1);
  // Between two neighbouring Walsh averages W(d) is the count of those above d, and only equal values tie.
  const double variance = n * (n + 1) * (2 * n + 1) / 24 - ties_term(sorted) / 48;
  const double rank = n * (n + 1) / 4 - normal_quantile(1 - alpha / 2) * std::sqrt(variance) - 0.5;
  return rank < 0 ? 0 : static_cast<uint64_t>(rank) + 1;
}

}  // namespace

uint64_t least_signed_rank(double alpha) {
  // P(W = 0) = 2^-n on either side.
  return static_cast<uint64_t>(std::max(1.0, std::ceil(std::log2(2 / alpha))));
}

model::Estimate signed_rank(std::span<const double> values, double alpha) {
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  const uint64_t all = walsh_averages(sorted.size());
  const auto middle = [&] { return median_of_ranks(all, [&](uint64_t k) { return kth_walsh_average(sorted, k); }); };
  model::Estimate estimate{middle(), std::nullopt};
  if (const uint64_t rank = bound_rank(sorted, alpha))
    estimate.bounds = model::Bounds{kth_walsh_average(sorted, rank), kth_walsh_average(sorted, all + 1 - rank)};
  return estimate;
}

}  // namespace benchd::analysis
