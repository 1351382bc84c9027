#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/run.h"

namespace benchd::analysis {

/// Of all runs, the share that complete blocks must hold for an order of starts to count as alternating.
inline constexpr double kAlternating = 0.9;

/// Values fewer than that may be in order by chance.
inline constexpr size_t kSorted = 6;

/// Whether the values of a variant stand in ascending or descending order: then somebody sorted them, and the order is
/// not that of starts. Paired by rank, sorted values look far more alike than runs are.
bool looks_sorted(std::span<const model::Run> runs, size_t variants, model::Measure measure);

/// The block of each run, in the order of starts on its host, where that order alternates: a block ends when a variant
/// comes for the second time. Numbers are unique over hosts. Empty where complete blocks, with each of the `variants`,
/// hold less than kAlternating of the runs.
std::vector<uint64_t> blocks_in_order(std::span<const model::Run> runs, size_t variants);

}  // namespace benchd::analysis
