#include "analysis/inference/selection.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

namespace benchd::analysis {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Doubles as integers of the same order.
int64_t order_of(double value) {
  const auto bits = std::bit_cast<int64_t>(value);
  return bits >= 0 ? bits : std::numeric_limits<int64_t>::min() - bits;
}
double double_of(int64_t order) {
  return std::bit_cast<double>(order >= 0 ? order : std::numeric_limits<int64_t>::min() - order);
}

/// The smallest finite double that at least `k` of the pairs do not exceed: the k-th of them. Rounded sums are monotone
/// in either part, so the counts are exact.
template <class Count>
double smallest_with(uint64_t k, Count count) {
  int64_t low = order_of(std::numeric_limits<double>::lowest());
  int64_t high = order_of(std::numeric_limits<double>::max());
  while (low < high) {
    const int64_t middle = std::midpoint(low, high);  // rounds towards low
    if (count(double_of(middle)) >= k)
      high = middle;
    else
      low = middle + 1;
  }
  return double_of(low);
}

/// A sorted sample without its infinities, and how many those are.
struct Finite {
  explicit Finite(std::span<const double> sorted) {
    const auto first = std::upper_bound(sorted.begin(), sorted.end(), -kInfinity);
    const auto last = std::lower_bound(first, sorted.end(), kInfinity);
    values = {first, last};
    lowest = static_cast<uint64_t>(first - sorted.begin());
    highest = static_cast<uint64_t>(sorted.end() - last);
  }
  std::span<const double> values;
  uint64_t lowest;   ///< -infinity
  uint64_t highest;  ///< +infinity
};

uint64_t count_averages(std::span<const double> x, double limit) {
  uint64_t count = 0;
  size_t end = x.size();  // x[i] with x[end - 1] and below is within the limit
  for (size_t i = 0; i < end; ++i) {
    while (end > i && (x[i] + x[end - 1]) / 2 > limit) --end;
    count += end - i;
  }
  return count;
}

uint64_t count_differences(std::span<const double> baseline, std::span<const double> variant, double limit) {
  uint64_t count = 0;
  size_t end = 0;
  for (const double b : baseline) {
    while (end < variant.size() && variant[end] - b <= limit) ++end;
    count += end;
  }
  return count;
}

}  // namespace

uint64_t walsh_averages(uint64_t n) {
  return n * (n + 1) / 2;
}

double kth_walsh_average(std::span<const double> sorted, uint64_t k) {
  const Finite finite(sorted);
  const uint64_t m = finite.values.size();
  const uint64_t lowest = walsh_averages(finite.lowest) + finite.lowest * m;
  const uint64_t zeros = finite.lowest * finite.highest;
  if (k <= lowest) return -kInfinity;
  k -= lowest;
  if (k > walsh_averages(m) + zeros) return kInfinity;
  return smallest_with(k,
                       [&](double limit) { return count_averages(finite.values, limit) + (limit >= 0 ? zeros : 0); });
}

uint64_t differences(std::span<const Samples> strata) {
  uint64_t count = 0;
  for (const Samples& samples : strata) count += uint64_t{samples.baseline.size()} * samples.variant.size();
  return count;
}

double kth_difference(std::span<const Samples> strata, uint64_t k) {
  uint64_t lowest = 0, zeros = 0, finite = 0;
  for (const Samples& samples : strata) {
    const Finite b(samples.baseline), v(samples.variant);
    finite += b.values.size() * v.values.size();
    zeros += b.lowest * v.lowest + b.highest * v.highest;
    lowest += v.lowest * (b.values.size() + b.highest) + v.values.size() * b.highest;
  }
  if (k <= lowest) return -kInfinity;
  k -= lowest;
  if (k > finite + zeros) return kInfinity;
  return smallest_with(k, [&](double limit) {
    uint64_t count = limit >= 0 ? zeros : 0;
    for (const Samples& samples : strata)
      count += count_differences(Finite(samples.baseline).values, Finite(samples.variant).values, limit);
    return count;
  });
}

}  // namespace benchd::analysis
