#include "analysis/comparison/summary.h"

#include "analysis/comparison/modes.h"
#include "analysis/inference/trimmed_mean.h"

namespace benchd::analysis {
namespace {

/// Of 100 runs people drop the 10 lowest and the 10 highest.
constexpr double kTrimmed = 0.10;
constexpr uint64_t kFewestToTrim = 20;

}  // namespace

model::VariantSummary summarize(const std::string& name, const Starts& starts, model::Measure measure, double alpha) {
  model::VariantSummary summary;
  summary.name = name;
  std::vector<double> values;
  std::vector<ModeClue> clues;
  for (const Start& start : starts) {
    const model::Run& run = *start.run;
    const auto value = run.failed ? std::nullopt : run.values[measure];
    if (!run.exclusion.empty()) {
      summary.excluded.push_back({start.order, run.exclusion, value});
      continue;
    }
    ++summary.runs;
    summary.failed += run.failed ? 1 : 0;
    summary.values.push_back(value);
    if (!value) continue;
    values.push_back(*value);
    if (*value > 0) clues.push_back({*value, run.cpu});
  }
  if (values.empty()) return summary;
  if (values.size() >= kFewestToTrim) summary.trimmed = trimmed_mean(values, kTrimmed, alpha);
  if (clues.size() == values.size()) {
    const Modes modes = find_modes(values);
    summary.modes = modes.modes;
    if (modes.modes.size() > 1) summary.modes_differ_by = what_separates(modes, clues);
  }
  summary.median = quantile(values, 0.5);
  return summary;
}

}  // namespace benchd::analysis
