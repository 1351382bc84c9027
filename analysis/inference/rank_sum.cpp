#include "analysis/inference/rank_sum.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "analysis/inference/distributions.h"
#include "analysis/inference/ranks.h"

namespace benchd::analysis {
namespace {

/// P(U = u) for sides of n and m: p(n, m, u) = n/(n+m)·p(n-1, m, u-m) + m/(n+m)·p(n, m-1, u), by where the largest of
/// all values comes from.
std::vector<double> distribution_of_u(uint64_t n, uint64_t m) {
  std::vector<std::vector<double>> row(m + 1, std::vector<double>{1});  // n = 0
  for (uint64_t i = 1; i <= n; ++i) {
    std::vector<double> left{1};  // m = 0
    for (uint64_t j = 0; j <= m; ++j) {
      std::vector<double> next(i * j + 1);
      const auto share = static_cast<double>(i) / static_cast<double>(i + j);
      for (size_t u = 0; u < row[j].size(); ++u) next[u + j] += share * row[j][u];
      if (j > 0) {
        for (size_t u = 0; u < left.size(); ++u) next[u] += (1 - share) * left[u];
      }
      left = next;
      row[j] = std::move(next);
    }
  }
  return row[m];
}

std::vector<double> convolved(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> sum(a.size() + b.size() - 1);
  for (size_t i = 0; i < a.size(); ++i) {
    for (size_t j = 0; j < b.size(); ++j) sum[i + j] += a[i] * b[j];
  }
  return sum;
}

/// The smallest q with P(U <= q) >= alpha / 2, at least 1; 0 where even P(U <= 0) is more than that.
uint64_t exact_rank(std::span<const Samples> strata, double alpha) {
  std::vector<double> all{1};
  for (const Samples& samples : strata)
    all = convolved(all, distribution_of_u(samples.baseline.size(), samples.variant.size()));
  constexpr double kRounding = 1e-12;  // of the sums above; R allows for it likewise
  if (all[0] > alpha / 2 * (1 + kRounding)) return 0;
  double sum = 0;
  uint64_t q = 0;
  while ((sum += all[q]) < alpha / 2 * (1 - kRounding)) ++q;
  return std::max<uint64_t>(q, 1);
}

double variance_of_u(const Samples& samples) {
  const auto n = static_cast<double>(samples.baseline.size()), m = static_cast<double>(samples.variant.size());
  // Between two neighbouring differences no value of one side equals a shifted one of the other.
  const double ties = ties_term(samples.baseline) + ties_term(samples.variant);
  return n * m / 12 * (n + m + 1 - ties / ((n + m) * (n + m - 1)));
}

/// How many differences from either end the bounds are; 0 where there are too few.
uint64_t bound_rank(std::span<const Samples> strata, double alpha) {
  const bool exact = std::all_of(strata.begin(), strata.end(), [](const Samples& samples) {
    return samples.baseline.size() <= kExactRankSum && samples.variant.size() <= kExactRankSum;
  });
  if (exact) return exact_rank(strata, alpha);
  double variance = 0;
  for (const Samples& samples : strata) variance += variance_of_u(samples);
  const double rank =
      static_cast<double>(differences(strata)) / 2 - normal_quantile(1 - alpha / 2) * std::sqrt(variance) - 0.5;
  return rank < 0 ? 0 : static_cast<uint64_t>(rank) + 1;
}

}  // namespace

uint64_t least_rank_sum(double alpha) {
  // P(U = 0) = 1 / C(2n, n).
  uint64_t n = 1;
  for (double chance = 0.5; chance > alpha / 2; ++n)
    chance *= static_cast<double>(n + 1) / static_cast<double>(2 * (2 * n + 1));
  return n;
}

model::Estimate rank_sum(std::span<const Samples> strata, double alpha) {
  std::vector<std::vector<double>> sorted;
  std::vector<Samples> ordered;
  const auto sort = [&sorted](std::span<const double> values) -> std::span<const double> {
    auto& kept = sorted.emplace_back(values.begin(), values.end());
    std::sort(kept.begin(), kept.end());
    return kept;
  };
  sorted.reserve(2 * strata.size());  // spans into it stay good
  for (const Samples& samples : strata) ordered.push_back({sort(samples.baseline), sort(samples.variant)});

  const uint64_t all = differences(ordered);
  model::Estimate estimate{median_of_ranks(all, [&](uint64_t k) { return kth_difference(ordered, k); }), std::nullopt};
  if (const uint64_t rank = bound_rank(ordered, alpha))
    estimate.bounds = model::Bounds{kth_difference(ordered, rank), kth_difference(ordered, all + 1 - rank)};
  return estimate;
}

}  // namespace benchd::analysis
