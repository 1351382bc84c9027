#include "analysis/comparison/records.h"

#include <algorithm>
#include <vector>

#include "analysis/comparison/run_values.h"

namespace benchd::analysis {
namespace {

using model::RunRecord;

/// One number from one life: whatever differs may be chance.
bool single_lives(const model::Experiment& experiment, std::span<const model::Run> runs) {
  std::vector<size_t> starts(experiment.variants.size());
  for (const model::Run& run : runs)
    if (!run.control) ++starts[run.variant];
  return std::all_of(starts.begin(), starts.end(), [](size_t count) { return count <= 1; });
}

}  // namespace

model::Experiment experiment_of(const std::string& name, std::span<const RunRecord> runs) {
  model::Experiment experiment;
  experiment.name = name;
  for (const RunRecord& run : runs) {
    if (run.warm_up) continue;
    experiment.control = experiment.control || run.control;
    const auto known = std::find(experiment.variants.begin(), experiment.variants.end(), run.variant);
    if (known == experiment.variants.end()) experiment.variants.push_back(run.variant);
  }
  return experiment;
}

base::Result<model::ComparisonSet> compare(const model::Experiment& experiment, std::span<const RunRecord> records,
                                           const Question& question) {
  std::vector<model::Run> runs;
  const RunRecord* without = nullptr;
  bool measured = false;
  for (const RunRecord& record : records) {
    const auto run = run_of(record, experiment);
    if (!run) continue;
    runs.push_back(*run);
    if (run->values[experiment.measure]) {
      measured = true;
    } else if (!run->failed) {
      without = &record;
    }
  }
  if (!runs.empty() && experiment.variants.size() > 1 && single_lives(experiment, runs)) {
    return base::Error{
        .attempt =
            "there is one run of each variant, and nothing tells a difference from chance: start each "
            "several times, in turn; of a service that never ends `until: {tasks: N}` or `{duration: D}` "
            "cuts a run out of each start"};
  }
  if (!measured && without != nullptr) {
    return base::Error{.attempt = std::string("no run has ") + model::entry_of(experiment.measure).name + ": " +
                                  why_without(*without, experiment.measure, experiment.task_rule)};
  }
  return compare(experiment, runs, question);
}

}  // namespace benchd::analysis
