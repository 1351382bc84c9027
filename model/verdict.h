#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "model/experiment.h"

namespace benchd::model {

enum class Verdict : uint8_t { Faster, Slower, Equivalent, Inconclusive };

/// "faster", as in JSON, flags, CSV and labels.
constexpr const char* name_of(Verdict verdict) {
  constexpr const char* kNames[] = {"faster", "slower", "equivalent", "inconclusive"};
  return kNames[static_cast<size_t>(verdict)];
}

struct Bounds {
  double low = 0;   ///< -infinity, or 0 of a ratio, where failures reach that far
  double high = 0;  ///< +infinity likewise
};

/// A value and the interval that holds the true one; without bounds where there are too few runs for any.
struct Estimate {
  double value = std::numeric_limits<double>::quiet_NaN();
  std::optional<Bounds> bounds;
};

/// Why a comparison is inconclusive, or has no verdict, whatever its interval.
enum class Doubt : uint8_t {
  None,
  TooFewRuns,       ///< inconclusive: no interval at this confidence
  HostFails,        ///< inconclusive: the control shows that the host cannot resolve the threshold
  NotInterleaved,   ///< inconclusive: one variant ran after the other, so that whatever changed meanwhile looks like it
  TooManyFailures,  ///< no verdict: more than 10 % of a side's runs failed
  NoRatio,          ///< no verdict: there are values of 0
  NothingToCompare,  ///< no verdict: one of the two has no run that counts
};

struct Exclusion {
  uint64_t run = 0;  ///< its place in the order of starts, from 0
  std::string cause;
  std::optional<double> value;
};

/// One hump of a distribution.
struct Mode {
  double value = 0;  ///< where it is highest
  double share = 0;  ///< of the runs
};

/// A mean without the lowest and the highest runs, with the Tukey-McLaughlin interval at the comparison's confidence.
struct TrimmedMean {
  uint64_t dropped = 0;  ///< at either end
  Estimate mean;
};

/// The runs of one variant that count, by the experiment's measure.
struct VariantSummary {
  std::string name;
  uint64_t runs = 0;  ///< that count, failed ones included
  uint64_t failed = 0;
  std::optional<double> median;  ///< of those that did not fail
  std::optional<TrimmedMean> trimmed;
  std::vector<Mode> modes;      ///< two or more, else empty
  std::string modes_differ_by;  ///< "cpu 3", "time": what tells the modes apart; empty where nothing is found
  std::vector<Exclusion> excluded;
  std::vector<std::optional<double>> values;  ///< in the order of starts, absent for a failed run
};

struct RunsNeeded {
  bool settles = true;  ///< false: the effect sits on the threshold, and more runs will not settle it
  uint64_t runs = 0;    ///< of each variant, those there are included
};

/// Another measure, shown beside, without a verdict.
struct Beside {
  Measure measure;
  double ratio;
};

/// One variant against the baseline: ratios of the measure, variant / baseline.
struct Comparison {
  VariantSummary variant;
  bool blocked = false;                   ///< judged by its ratio in each block
  uint64_t blocks = 0;                    ///< that count: both started, and not both failed
  Estimate ratio;                         ///< pseudo-median
  Estimate mean_ratio;                    ///< of the runs that did not fail
  std::optional<Estimate> spread;         ///< ratio of interquartile ranges
  std::optional<Estimate> better_chance;  ///< P(variant's run is faster), Brunner-Munzel, where not blocked
  std::optional<Verdict> verdict;         ///< none: see doubt
  std::optional<Verdict> with_excluded;   ///< what it would be with the excluded runs
  Doubt doubt = Doubt::None;
  std::optional<uint64_t> more_runs;      ///< that an interval lacks: blocks, or runs of either where not blocked
  std::optional<RunsNeeded> runs_needed;  ///< for a verdict other than inconclusive
  std::vector<Beside> beside;
};

struct Control {
  Estimate ratio;
  bool passes = false;  ///< its interval lies within the threshold
};

/// How values changed from the first to the last run, variants set aside.
struct Drift {
  double change = 0;         ///< -0.02: 2 % lower at the end
  bool significant = false;  ///< against the null of circular shifts
};

/// Where the blocks come from.
enum class Blocking : uint8_t { None, Campaign, FoundInOrder };

/// All variants of an experiment against its baseline.
struct ComparisonSet {
  Experiment experiment;
  Blocking blocking = Blocking::None;
  uint64_t blocks = 0;  ///< begun
  uint64_t hosts = 1;
  uint64_t looks = 1;     ///< this one included
  uint64_t together = 1;  ///< comparisons that share the confidence, the control among them
  bool order_accepted = false;
  VariantSummary baseline;
  std::optional<Control> control;
  std::optional<Drift> drift;
  std::vector<Comparison> comparisons;  ///< in the order of the experiment's variants
};

}  // namespace benchd::model
