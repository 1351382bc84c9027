#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "analysis/inference/selection.h"
#include "model/verdict.h"

/// Ratios variant / baseline with a percentile bootstrap interval, for what has no exact one. Seeded, so that the same
/// runs always give the same interval. All values finite and above 0; no bounds below kFewestForBootstrap blocks or
/// values a side.
namespace benchd::analysis {

inline constexpr uint64_t kFewestForBootstrap = 6;
inline constexpr uint64_t kReplicates = 2000;
/// Replicates draw from at most so many: beyond it means are resampled by chunks of neighbours, which keeps the
/// interval, and spreads from a part of the runs, which widens it.
inline constexpr uint64_t kMostResampled = 10'000;

/// The two runs of one block.
struct Pair {
  double baseline;
  double variant;
};

/// Ratio of the means; blocks are resampled whole.
model::Estimate ratio_of_means(std::span<const Pair> blocks, double alpha);
/// Not blocked: each side of each stratum is resampled by itself. Strata count by n·m/(n+m), the same for both sides,
/// so that a host with more runs of one variant does not pass for a difference.
model::Estimate ratio_of_means(std::span<const Samples> strata, double alpha);

/// Ratio of the interquartile ranges; nothing where the baseline's is 0, an infinite bound where it may be.
std::optional<model::Estimate> ratio_of_spreads(std::span<const Pair> blocks, double alpha);
std::optional<model::Estimate> ratio_of_spreads(std::span<const double> baseline, std::span<const double> variant,
                                                double alpha);

/// The quantile between order statistics (R's type 7). Reorders `values`, which has at least one.
double quantile(std::span<double> values, double p);

}  // namespace benchd::analysis
