#pragma once

#include <cmath>
#include <cstdint>
#include <span>

/// What the rank methods share. Internal to this folder.
namespace benchd::analysis {

/// Σ(t³ - t) over the groups of t equal values.
inline double ties_term(std::span<const double> sorted) {
  double sum = 0;
  for (size_t begin = 0, end = 0; begin < sorted.size(); begin = end) {
    while (end < sorted.size() && sorted[end] == sorted[begin]) ++end;
    const auto t = static_cast<double>(end - begin);
    sum += t * t * t - t;
  }
  return sum;
}

/// The mean of two values that may be infinite; that of opposite infinities is 0.
inline double mean_of_two(double a, double b) {
  return std::isinf(a) && a == -b ? 0 : (a + b) / 2;
}

/// The median of `count` values of which `kth` gives the k-th smallest, from 1.
template <class Kth>
double median_of_ranks(uint64_t count, Kth kth) {
  const double upper = kth(count / 2 + 1);
  return count % 2 == 1 ? upper : mean_of_two(kth(count / 2), upper);
}

}  // namespace benchd::analysis
