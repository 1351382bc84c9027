#pragma once

#include <cstdint>
#include <span>

/// Order statistics of sums and differences of pairs, which are too many to be listed: 10^6 runs have 5·10^11.
/// Values are sorted, ascending, and may be infinite, as the logarithms of failed runs are. `k` counts from 1.
/// No memory; time is 64 passes over the values.
namespace benchd::analysis {

/// The k-th smallest of the Walsh averages (x[i] + x[j]) / 2, i <= j; that of -infinity and +infinity is 0.
double kth_walsh_average(std::span<const double> sorted, uint64_t k);
uint64_t walsh_averages(uint64_t n);

/// Two sorted samples, of one host.
struct Samples {
  std::span<const double> baseline;
  std::span<const double> variant;
};

/// The k-th smallest of the differences variant - baseline within each of `strata`, all of them together; that of two
/// equal infinities is 0.
double kth_difference(std::span<const Samples> strata, uint64_t k);
uint64_t differences(std::span<const Samples> strata);

}  // namespace benchd::analysis
