#include "analysis/durations.h"

#include <algorithm>
#include <cmath>

namespace benchd::analysis {

using model::Durations;

void add(Durations& totals, const Durations& more) {
  if (more.empty()) return;
  Durations sum;
  sum.reserve(totals.size() + more.size());
  auto mine = totals.begin();
  for (const auto& [bucket, count] : more) {
    for (; mine != totals.end() && mine->first < bucket; ++mine) sum.push_back(*mine);
    const bool both = mine != totals.end() && mine->first == bucket;
    sum.emplace_back(bucket, count + (both ? (mine++)->second : 0));
  }
  sum.insert(sum.end(), mine, totals.end());
  totals = std::move(sum);
}

Durations grown(const Durations& totals, const Durations& before) {
  Durations growth;
  auto old = before.begin();
  for (const auto& [bucket, count] : totals) {
    while (old != before.end() && old->first < bucket) ++old;
    const uint64_t had = old != before.end() && old->first == bucket ? old->second : 0;
    if (count > had) growth.emplace_back(bucket, count - had);
  }
  return growth;
}

std::optional<double> percentile(const Durations& durations, double share) {
  uint64_t all = 0;
  for (const auto& [bucket, count] : durations) all += count;
  if (all == 0) return std::nullopt;
  const auto rank = static_cast<uint64_t>(std::ceil(share * static_cast<double>(all)));
  uint64_t seen = 0;
  for (const auto& [bucket, count] : durations) {
    seen += count;
    if (seen < std::max<uint64_t>(rank, 1)) continue;
    const auto [low, high] = model::duration_range(bucket);
    return (static_cast<double>(low) + static_cast<double>(high)) / 2e9;
  }
  return std::nullopt;  // not reached: rank is at most all
}

}  // namespace benchd::analysis
