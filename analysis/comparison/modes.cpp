#include "analysis/comparison/modes.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>

#include "analysis/inference/bootstrap.h"

namespace benchd::analysis {
namespace {

constexpr size_t kGrid = 512;
constexpr double kValley = 0.7;
constexpr double kLeastShare = 0.05;
constexpr double kSparedErrors = 0.75;

/// The density of values on a grid, unscaled.
struct Density {
  double begin;
  double step;
  std::array<double, kGrid> at{};

  double place(size_t i) const { return begin + step * static_cast<double>(i); }
};

std::optional<Density> density(std::vector<double>& logs) {
  const auto n = static_cast<double>(logs.size());
  const double mean = std::accumulate(logs.begin(), logs.end(), 0.0) / n;
  double squares = 0;
  for (const double value : logs) squares += (value - mean) * (value - mean);
  const double deviation = std::sqrt(squares / (n - 1));
  const double range = (quantile(logs, 0.75) - quantile(logs, 0.25)) / 1.349;
  // Half of the values equal: the range is 0, and says nothing.
  const double width = 0.9 * (range > 0 ? std::min(deviation, range) : deviation) * std::pow(n, -0.2);
  const auto [low, high] = std::minmax_element(logs.begin(), logs.end());
  if (!(width > 1e-12)) return std::nullopt;

  Density result{*low - 3 * width, (*high - *low + 6 * width) / (kGrid - 1)};
  // Far outliers can stretch the grid until a kernel falls between its points.
  const double smooth = std::max(width, result.step);
  std::array<double, kGrid> counts{};
  for (const double value : logs) ++counts[static_cast<size_t>(std::lround((value - result.begin) / result.step))];
  for (size_t from = 0; from < kGrid; ++from) {
    if (counts[from] == 0) continue;
    for (size_t to = 0; to < kGrid; ++to) {
      const double distance = result.step / smooth * (static_cast<double>(to) - static_cast<double>(from));
      result.at[to] += counts[from] * std::exp(-distance * distance / 2);
    }
  }
  return result;
}

size_t highest(const Density& density, size_t begin, size_t end) {
  return static_cast<size_t>(std::max_element(density.at.begin() + static_cast<std::ptrdiff_t>(begin),
                                              density.at.begin() + static_cast<std::ptrdiff_t>(end)) -
                             density.at.begin());
}

double share_between(const std::vector<double>& sorted, double low, double high) {
  const auto first = std::upper_bound(sorted.begin(), sorted.end(), low);
  return static_cast<double>(std::upper_bound(first, sorted.end(), high) - first) / static_cast<double>(sorted.size());
}

size_t mode_of(const Modes& modes, double value) {
  return static_cast<size_t>(std::lower_bound(modes.valleys.begin(), modes.valleys.end(), value) -
                             modes.valleys.begin());
}

using Counts = std::vector<uint64_t>;
uint64_t errors(const Counts& counts) {
  return std::accumulate(counts.begin(), counts.end(), uint64_t{0}) - *std::max_element(counts.begin(), counts.end());
}
Counts without(const Counts& all, const Counts& part) {
  Counts rest = all;
  for (size_t i = 0; i < rest.size(); ++i) rest[i] -= part[i];
  return rest;
}

}  // namespace

Modes find_modes(std::span<const double> values) {
  if (values.size() < 20) return {};
  std::vector<double> logs;
  for (const double value : values) logs.push_back(std::log(value));
  const auto found = density(logs);
  if (!found) return {};
  std::sort(logs.begin(), logs.end());

  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  std::vector<size_t> valleys;
  size_t begin = 0;
  double low = -kInfinity;
  for (size_t i = 1; i + 1 < kGrid; ++i) {
    if (found->at[i] > found->at[i - 1] || found->at[i] >= found->at[i + 1]) continue;
    const double left = found->at[highest(*found, begin, i)], right = found->at[highest(*found, i, kGrid)];
    if (found->at[i] >= kValley * std::min(left, right)) continue;
    if (share_between(logs, low, found->place(i)) < kLeastShare) continue;
    if (share_between(logs, found->place(i), kInfinity) < kLeastShare) continue;
    valleys.push_back(i);
    begin = i;
    low = found->place(i);
  }
  if (valleys.empty()) return {};

  Modes modes;
  low = -kInfinity;
  begin = 0;
  for (size_t i = 0; i <= valleys.size(); ++i) {
    const bool last = i == valleys.size();
    const double high = last ? kInfinity : found->place(valleys[i]);
    const size_t end = last ? kGrid : valleys[i];
    modes.modes.push_back({std::exp(found->place(highest(*found, begin, end))), share_between(logs, low, high)});
    if (!last) modes.valleys.push_back(std::exp(high));
    low = high;
    begin = end;
  }
  return modes;
}

std::string what_separates(const Modes& modes, std::span<const ModeClue> runs) {
  Counts all(modes.modes.size());
  std::map<uint32_t, Counts> by_cpu;
  for (const ModeClue& run : runs) {
    const size_t mode = mode_of(modes, run.value);
    ++all[mode];
    if (run.cpu) ++by_cpu.try_emplace(*run.cpu, Counts(all.size())).first->second[mode];
  }
  std::string best;
  auto fewest = static_cast<uint64_t>((1 - kSparedErrors) * static_cast<double>(errors(all)));
  const auto consider = [&](const Counts& part, const auto& name) {
    const uint64_t left = errors(part) + errors(without(all, part));
    if (left > fewest || (left == fewest && !best.empty())) return;
    fewest = left;
    best = name();
  };
  for (const auto& [cpu, counts] : by_cpu) consider(counts, [&cpu = cpu] { return "cpu " + std::to_string(cpu); });
  Counts before(all.size());
  for (const ModeClue& run : runs) {
    ++before[mode_of(modes, run.value)];
    consider(before, [] { return std::string("time"); });
  }
  return best;
}

}  // namespace benchd::analysis
