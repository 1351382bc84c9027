#include "analysis/inference/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace benchd::analysis {
namespace {

constexpr uint64_t kSeed = 20'250'101;

/// Indexes below a bound that fits 32 bits; the same on every machine, as the standard's distributions are not.
class Draw {
 public:
  size_t operator()(size_t bound) { return static_cast<size_t>((engine_() >> 32) * bound >> 32); }

 private:
  std::mt19937_64 engine_{kSeed};
};

template <class Statistic>
model::Bounds percentiles(double alpha, Statistic statistic) {
  std::vector<double> replicates(kReplicates);
  for (double& replicate : replicates) replicate = statistic();
  return {quantile(replicates, alpha / 2), quantile(replicates, 1 - alpha / 2)};
}

/// Values one after the other, in at most kMostResampled chunks.
struct Chunk {
  double sum = 0;
  double count = 0;
};

uint64_t chunk_size(size_t values) {
  return (values + kMostResampled - 1) / kMostResampled;
}

std::vector<Chunk> chunks(std::span<const double> values) {
  const uint64_t size = chunk_size(values.size());
  std::vector<Chunk> result((values.size() + size - 1) / size);
  for (size_t i = 0; i < values.size(); ++i) {
    result[i / size].sum += values[i];
    result[i / size].count += 1;
  }
  return result;
}

double mean(std::span<const Chunk> chunks) {
  Chunk all;
  for (const Chunk& chunk : chunks) {
    all.sum += chunk.sum;
    all.count += chunk.count;
  }
  return all.sum / all.count;
}

double resampled_mean(std::span<const Chunk> chunks, Draw& draw) {
  Chunk all;
  for (size_t i = 0; i < chunks.size(); ++i) {
    const Chunk& chunk = chunks[draw(chunks.size())];
    all.sum += chunk.sum;
    all.count += chunk.count;
  }
  return all.sum / all.count;
}

struct ChunkedStratum {
  std::vector<Chunk> baseline;
  std::vector<Chunk> variant;
  double weight;
};

double interquartile_range(std::span<double> values) {
  return quantile(values, 0.75) - quantile(values, 0.25);
}

/// Infinite where the baseline has no spread: resampled, one that is mostly one value may have none.
double spread_ratio(std::span<double> baseline, std::span<double> variant) {
  const double spread = interquartile_range(baseline);
  return spread > 0 ? interquartile_range(variant) / spread : std::numeric_limits<double>::infinity();
}

/// Every so many-th, so that at most kMostResampled are left.
template <class T>
std::vector<T> thinned(std::span<const T> values) {
  std::vector<T> result;
  for (size_t i = 0; i < values.size(); i += chunk_size(values.size())) result.push_back(values[i]);
  return result;
}

}  // namespace

double quantile(std::span<double> values, double p) {
  const double place = p * static_cast<double>(values.size() - 1);
  const auto below = values.begin() + static_cast<std::ptrdiff_t>(place);
  std::nth_element(values.begin(), below, values.end());
  const double part = place - std::floor(place);
  if (part == 0) return *below;
  const double above = *std::min_element(below + 1, values.end());
  return above == *below ? above : *below + part * (above - *below);  // both may be infinite
}

model::Estimate ratio_of_means(std::span<const Pair> blocks, double alpha) {
  std::vector<Pair> sums;
  const uint64_t size = chunk_size(blocks.size());
  for (size_t i = 0; i < blocks.size(); ++i) {
    if (i % size == 0) sums.push_back({0, 0});
    sums.back().baseline += blocks[i].baseline;
    sums.back().variant += blocks[i].variant;
  }
  const auto ratio = [&sums](auto index) {
    Pair all{0, 0};
    for (size_t i = 0; i < sums.size(); ++i) {
      const Pair& chunk = sums[index(i)];
      all.baseline += chunk.baseline;
      all.variant += chunk.variant;
    }
    return all.variant / all.baseline;
  };
  model::Estimate estimate{ratio([](size_t i) { return i; }), std::nullopt};
  if (blocks.size() < kFewestForBootstrap) return estimate;
  Draw draw;
  estimate.bounds = percentiles(alpha, [&] { return ratio([&](size_t) { return draw(sums.size()); }); });
  return estimate;
}

model::Estimate ratio_of_means(std::span<const Samples> strata, double alpha) {
  std::vector<ChunkedStratum> chunked;
  size_t baseline_values = 0, variant_values = 0;
  for (const Samples& samples : strata) {
    const auto n = static_cast<double>(samples.baseline.size()), m = static_cast<double>(samples.variant.size());
    chunked.push_back({chunks(samples.baseline), chunks(samples.variant), n * m / (n + m)});
    baseline_values += samples.baseline.size();
    variant_values += samples.variant.size();
  }
  const auto ratio = [&chunked](auto mean_of) {
    double baseline = 0, variant = 0;
    for (const ChunkedStratum& stratum : chunked) {
      baseline += stratum.weight * mean_of(stratum.baseline);
      variant += stratum.weight * mean_of(stratum.variant);
    }
    return variant / baseline;
  };
  model::Estimate estimate{ratio([](const auto& side) { return mean(side); }), std::nullopt};
  if (std::min(baseline_values, variant_values) < kFewestForBootstrap) return estimate;
  Draw draw;
  estimate.bounds =
      percentiles(alpha, [&] { return ratio([&](const auto& side) { return resampled_mean(side, draw); }); });
  return estimate;
}

std::optional<model::Estimate> ratio_of_spreads(std::span<const Pair> blocks, double alpha) {
  std::vector<double> baseline, variant;
  for (const Pair& pair : blocks) {
    baseline.push_back(pair.baseline);
    variant.push_back(pair.variant);
  }
  model::Estimate estimate{spread_ratio(baseline, variant), std::nullopt};
  if (std::isinf(estimate.value)) return std::nullopt;
  if (blocks.size() < kFewestForBootstrap) return estimate;

  const std::vector<Pair> drawn_from = thinned(blocks);
  baseline.resize(drawn_from.size());
  variant.resize(drawn_from.size());
  Draw draw;
  estimate.bounds = percentiles(alpha, [&] {
    for (size_t i = 0; i < drawn_from.size(); ++i) {
      const Pair& pair = drawn_from[draw(drawn_from.size())];
      baseline[i] = pair.baseline;
      variant[i] = pair.variant;
    }
    return spread_ratio(baseline, variant);
  });
  return estimate;
}

std::optional<model::Estimate> ratio_of_spreads(std::span<const double> baseline, std::span<const double> variant,
                                                double alpha) {
  std::vector<double> b(baseline.begin(), baseline.end()), v(variant.begin(), variant.end());
  model::Estimate estimate{spread_ratio(b, v), std::nullopt};
  if (std::isinf(estimate.value)) return std::nullopt;
  if (std::min(b.size(), v.size()) < kFewestForBootstrap) return estimate;

  const std::vector<double> from_b = thinned(baseline), from_v = thinned(variant);
  b.resize(from_b.size());
  v.resize(from_v.size());
  Draw draw;
  const auto resample = [&draw](const std::vector<double>& from, std::vector<double>& to) {
    for (double& value : to) value = from[draw(from.size())];
  };
  estimate.bounds = percentiles(alpha, [&] {
    resample(from_b, b);
    resample(from_v, v);
    return spread_ratio(b, v);
  });
  return estimate;
}

}  // namespace benchd::analysis
