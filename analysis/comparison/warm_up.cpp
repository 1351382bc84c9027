#include "analysis/comparison/warm_up.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "analysis/inference/bootstrap.h"

namespace benchd::analysis {
namespace {

constexpr double kSignificance = 0.01;
constexpr double kLeastChange = 0.01;
constexpr double kOutliers = 0.025;  ///< at either end
constexpr double kLeastSteadyShare = 0.2;

double median(std::span<const double> values) {
  std::vector<double> copy(values.begin(), values.end());
  return quantile(copy, 0.5);
}

std::vector<double> mid_ranks(std::span<const double> values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [values](size_t a, size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    for (size_t i = begin; i < end; ++i) ranks[order[i]] = static_cast<double>(begin + end + 1) / 2;
  }
  return ranks;
}

/// Pettitt's: whether the values before some place rank differently from those behind it.
bool changes(std::span<const double> values) {
  const auto n = static_cast<double>(values.size());
  double sum = 0, largest = 0;
  for (const double rank : mid_ranks(values)) {
    sum += 2 * rank - (n + 1);
    largest = std::max(largest, std::abs(sum));
  }
  return 2 * std::exp(-6 * largest * largest / (n * n * n + n * n)) <= kSignificance;
}

/// How many values lie before the place that separates them best: by means, which ranks would blur, of the values
/// without their outliers.
size_t best_split(std::span<const double> values) {
  std::vector<double> copy(values.begin(), values.end());
  const double low = quantile(copy, kOutliers), high = quantile(copy, 1 - kOutliers);
  for (size_t i = 0; i < copy.size(); ++i) copy[i] = std::clamp(values[i], low, high);
  const auto n = static_cast<double>(copy.size());
  const double mean = std::accumulate(copy.begin(), copy.end(), 0.0) / n;
  double sum = 0, farthest = 0;
  size_t at = 1;
  for (size_t t = 1; t < copy.size(); ++t) {
    sum += copy[t - 1] - mean;
    const auto before = static_cast<double>(t);
    const double apart = std::abs(sum) / std::sqrt(before * (n - before));
    if (apart <= farthest) continue;
    farthest = apart;
    at = t;
  }
  return at;
}

/// How many values lie before a change; 0 where there is none that matters.
size_t change_point(std::span<const double> values) {
  if (!changes(values)) return 0;
  const size_t at = best_split(values);
  const double before = median(values.first(at)), after = median(values.subspan(at));
  return std::abs(before - after) < kLeastChange * after ? 0 : at;
}

}  // namespace

std::optional<WarmUp> warm_up(std::span<const double> task_times) {
  const auto fewest =
      std::max(kFewestSteady, static_cast<uint64_t>(kLeastSteadyShare * static_cast<double>(task_times.size())));
  std::span<const double> rest = task_times;
  while (rest.size() >= fewest) {
    const size_t change = change_point(rest);
    if (change == 0) {
      WarmUp result{task_times.size() - rest.size(), median(rest), 0};
      for (const double time : task_times.first(result.tasks)) result.lost += time - result.steady;
      return result;
    }
    rest = rest.subspan(change);
  }
  return std::nullopt;
}

std::optional<double> break_even(const Pace& a, const Pace& b) {
  const double tasks = (b.start_up - a.start_up) / (a.task - b.task);
  // Equal paces divide by 0; a negative number means that one starts sooner and runs faster.
  return std::isfinite(tasks) && tasks > 0 ? std::optional(tasks) : std::nullopt;
}

}  // namespace benchd::analysis
