#pragma once

#include "model/verdict.h"

namespace benchd::report {

inline model::Comparison sample_comparison(const std::string& name, double median, model::Estimate ratio,
                                           std::optional<model::Verdict> verdict) {
  model::Comparison it;
  it.variant.name = name;
  it.variant.runs = 100;
  it.variant.median = median;
  it.variant.values = {median, std::nullopt};
  it.blocked = true;
  it.blocks = 100;
  it.ratio = ratio;
  it.mean_ratio = ratio;
  it.verdict = verdict;
  return it;
}

/// The example of the design: python-builds.
inline model::ComparisonSet sample_set() {
  model::ComparisonSet set;
  set.experiment.name = "python-builds";
  set.experiment.measure = model::Measure::TaskTime;
  set.experiment.variants = {"official", "pyenv", "pyenv-opt", "pyenv-native", "uv"};
  set.experiment.control = true;
  set.experiment.seed = 20'250'101;
  set.blocking = model::Blocking::Campaign;
  set.blocks = 100;
  set.together = 5;
  set.baseline.name = "official";
  set.baseline.runs = 100;
  set.baseline.median = 0.1234;
  set.control = model::Control{{1.001, model::Bounds{0.993, 1.010}}, true};
  using model::Bounds;
  using model::Verdict;
  set.comparisons = {
      sample_comparison("pyenv", 0.1609, {1.304, Bounds{1.291, 1.318}}, Verdict::Slower),
      sample_comparison("pyenv-opt", 0.1210, {0.981, Bounds{0.972, 0.990}}, Verdict::Equivalent),
      sample_comparison("pyenv-native", 0.1176, {0.953, Bounds{0.944, 0.962}}, Verdict::Faster),
      sample_comparison("uv", 0.1199, {0.972, Bounds{0.955, 0.989}}, Verdict::Inconclusive),
  };
  const double cpu[] = {1.33, 0.98, 0.97, 0.97}, memory[] = {1, 1, 1, 1.02}, spread[] = {1.1, 1.0, 0.9, 2.1};
  for (size_t i = 0; i < set.comparisons.size(); ++i) {
    set.comparisons[i].beside = {{model::Measure::CpuPerTask, cpu[i]}, {model::Measure::MemoryPeak, memory[i]}};
    set.comparisons[i].spread = model::Estimate{spread[i], std::nullopt};
  }
  set.comparisons[3].runs_needed = model::RunsNeeded{false, 0};
  return set;
}

}  // namespace benchd::report
