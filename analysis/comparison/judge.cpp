#include "analysis/comparison/judge.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "analysis/comparison/rule.h"
#include "analysis/inference/brunner_munzel.h"
#include "analysis/inference/rank_sum.h"
#include "analysis/inference/signed_rank.h"

namespace benchd::analysis {
namespace {

using model::Doubt;

model::Estimate exponential(const model::Estimate& logs) {
  model::Estimate ratio{std::exp(logs.value), std::nullopt};
  if (logs.bounds) ratio.bounds = model::Bounds{std::exp(logs.bounds->low), std::exp(logs.bounds->high)};
  return ratio;
}

bool too_many_failures(const Starts& starts) {
  const auto failed = std::count_if(starts.begin(), starts.end(), [](const Start& start) { return start.run->failed; });
  return static_cast<double>(failed) > kMostFailures * static_cast<double>(starts.size());
}

bool has_zero(const Starts& starts, model::Measure measure) {
  return std::any_of(starts.begin(), starts.end(),
                     [measure](const Start& start) { return !start.run->failed && start.run->values[measure] == 0.0; });
}

/// Sum of squared deviations of the finite ones, and how many they are.
struct Scatter {
  double squares = 0;
  double count = 0;
  double variance() const { return count < 2 ? 0 : squares / (count - 1); }
};

Scatter scatter(std::span<const double> logs) {
  std::vector<double> finite;
  std::copy_if(logs.begin(), logs.end(), std::back_inserter(finite), [](double log) { return std::isfinite(log); });
  Scatter result{0, static_cast<double>(finite.size())};
  const double mean = std::accumulate(finite.begin(), finite.end(), 0.0) / result.count;
  for (const double log : finite) result.squares += (log - mean) * (log - mean);
  return result;
}

/// The variance of the log ratio of two single runs.
double pair_variance(const std::vector<Unblocked::Host>& hosts) {
  double baseline_squares = 0, variant_squares = 0, baseline_free = 0, variant_free = 0;
  for (const Unblocked::Host& host : hosts) {
    const Scatter b = scatter(host.baseline), v = scatter(host.variant);
    baseline_squares += b.squares;
    variant_squares += v.squares;
    baseline_free += std::max(b.count - 1, 0.0);
    variant_free += std::max(v.count - 1, 0.0);
  }
  return (baseline_free > 0 ? baseline_squares / baseline_free : 0) +
         (variant_free > 0 ? variant_squares / variant_free : 0);
}

/// Where one comparison stands before the host's and the order's faults are held against it.
struct Measured {
  model::Estimate log_ratio;
  double variance = 0;  ///< of single log ratios
  double fewest = 0;    ///< blocks, or runs of the side that has fewer
};

Doubt unfit(const Starts& baseline, const Starts& variant, model::Measure measure) {
  if (baseline.empty() || variant.empty()) return Doubt::NothingToCompare;
  if (has_zero(baseline, measure) || has_zero(variant, measure)) return Doubt::NoRatio;
  if (too_many_failures(baseline) || too_many_failures(variant)) return Doubt::TooManyFailures;
  return Doubt::None;
}

std::optional<Measured> measure_blocked(const Blocked& blocked, const Terms& terms) {
  if (blocked.log_ratios.empty()) return std::nullopt;
  return Measured{signed_rank(blocked.log_ratios, terms.alpha), scatter(blocked.log_ratios).variance(),
                  static_cast<double>(blocked.log_ratios.size())};
}

std::optional<Measured> measure_unblocked(const Unblocked& sides, const Terms& terms) {
  if (sides.logs.empty()) return std::nullopt;
  double baseline = 0, variant = 0;
  for (const Unblocked::Host& host : sides.logs) {
    baseline += static_cast<double>(host.baseline.size());
    variant += static_cast<double>(host.variant.size());
  }
  return Measured{rank_sum(samples_of(sides.logs), terms.alpha), pair_variance(sides.logs),
                  std::min(baseline, variant)};
}

/// Nothing where the two sides have no block, or no host, in common.
std::optional<Measured> measure(const Starts& baseline, const Starts& variant, const Terms& terms) {
  return terms.blocked ? measure_blocked(pair_up(baseline, variant, terms.measure), terms)
                       : measure_unblocked(by_host(baseline, variant, terms.measure), terms);
}

/// Verdict and doubt of a comparison whose ratio is known.
void decide(model::Comparison& comparison, const model::Control* control, const Terms& terms) {
  if (comparison.doubt != Doubt::None) return;
  if (!comparison.ratio.bounds)
    comparison.doubt = Doubt::TooFewRuns;
  else if (!terms.blocked && !terms.order_accepted)
    comparison.doubt = Doubt::NotInterleaved;
  else if (control != nullptr && !control->passes)
    comparison.doubt = Doubt::HostFails;
  comparison.verdict = comparison.doubt == Doubt::None ? verdict_of(*comparison.ratio.bounds, terms.threshold,
                                                                    model::entry_of(terms.measure).higher_is_better)
                                                       : model::Verdict::Inconclusive;
}

/// Ratio, verdict and what belongs to them, of exactly these runs.
model::Comparison judge_these(const Starts& baseline, const Starts& variant, const model::Control* control,
                              const Terms& terms) {
  model::Comparison comparison;
  comparison.blocked = terms.blocked;
  comparison.doubt = unfit(baseline, variant, terms.measure);
  if (comparison.doubt == Doubt::NothingToCompare || comparison.doubt == Doubt::NoRatio) return comparison;

  const auto measured = measure(baseline, variant, terms);
  if (!measured) {
    comparison.doubt = Doubt::NothingToCompare;
    return comparison;
  }
  if (terms.blocked) comparison.blocks = static_cast<uint64_t>(measured->fewest);
  comparison.ratio = exponential(measured->log_ratio);
  decide(comparison, control, terms);
  if (!comparison.verdict) return comparison;
  if (!comparison.ratio.bounds) {
    const uint64_t least = terms.blocked ? least_signed_rank(terms.alpha) : least_rank_sum(terms.alpha);
    const auto has = static_cast<uint64_t>(measured->fewest);
    comparison.more_runs = least > has ? least - has : 1;
  }
  if (measured->fewest >= 2 && std::isfinite(measured->log_ratio.value))
    comparison.runs_needed =
        runs_needed(measured->log_ratio.value, std::sqrt(measured->variance), terms.threshold, terms.alpha);
  return comparison;
}

bool excludes_any(const Starts& starts) {
  return std::any_of(starts.begin(), starts.end(), [](const Start& start) { return !start.run->exclusion.empty(); });
}

void add_beside_blocked(model::Comparison& comparison, const Starts& baseline, const Starts& variant,
                        const Terms& terms) {
  const Blocked blocked = pair_up(baseline, variant, terms.measure);
  if (!blocked.values.empty()) {
    comparison.mean_ratio = ratio_of_means(blocked.values, terms.beside_alpha);
    comparison.spread = ratio_of_spreads(blocked.values, terms.beside_alpha);
  }
}

void add_beside_unblocked(model::Comparison& comparison, const Starts& baseline, const Starts& variant,
                          const Terms& terms) {
  const Unblocked sides = by_host(baseline, variant, terms.measure);
  if (!sides.values.empty()) comparison.mean_ratio = ratio_of_means(samples_of(sides.values), terms.beside_alpha);
  // Pooled over hosts, these two would speak of the hosts.
  if (sides.values.size() == 1)
    comparison.spread = ratio_of_spreads(sides.values[0].baseline, sides.values[0].variant, terms.beside_alpha);
  if (sides.logs.size() == 1) {
    const auto& [b, v] = sides.logs[0];
    comparison.better_chance = model::entry_of(terms.measure).higher_is_better
                                   ? brunner_munzel(v, b, terms.beside_alpha)
                                   : brunner_munzel(b, v, terms.beside_alpha);
  }
}

/// The other measures that both sides have.
void add_other_measures(model::Comparison& comparison, const Starts& baseline, const Starts& variant,
                        const Terms& terms) {
  for (const model::MeasureEntry& entry : model::kMeasures) {
    if (entry.measure == terms.measure) continue;
    Terms other = terms;
    other.measure = entry.measure;
    if (has_zero(baseline, entry.measure) || has_zero(variant, entry.measure)) continue;
    const auto measured = measure(baseline, variant, other);
    if (measured && std::isfinite(measured->log_ratio.value))
      comparison.beside.push_back({entry.measure, std::exp(measured->log_ratio.value)});
  }
}

}  // namespace

model::Control judge_control(const Starts& baseline, const Starts& control, const Terms& terms) {
  Terms as_measured = terms;
  as_measured.order_accepted = true;
  const model::Comparison comparison = judge_these(counted(baseline), counted(control), nullptr, as_measured);
  const bool judged = comparison.doubt == Doubt::None;
  return {comparison.ratio, judged && control_passes(comparison.ratio, terms.threshold)};
}

model::Comparison judge(const Starts& baseline, const Starts& variant, const model::Control* control,
                        const Terms& terms) {
  const Starts counted_baseline = counted(baseline), counted_variant = counted(variant);
  model::Comparison comparison = judge_these(counted_baseline, counted_variant, control, terms);
  if (excludes_any(baseline) || excludes_any(variant))
    comparison.with_excluded = judge_these(baseline, variant, control, terms).verdict;
  if (comparison.doubt == Doubt::NothingToCompare || comparison.doubt == Doubt::NoRatio) return comparison;
  if (terms.blocked)
    add_beside_blocked(comparison, counted_baseline, counted_variant, terms);
  else
    add_beside_unblocked(comparison, counted_baseline, counted_variant, terms);
  add_other_measures(comparison, counted_baseline, counted_variant, terms);
  return comparison;
}

}  // namespace benchd::analysis
