#include "analysis/comparison/compare.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_set>

#include "analysis/comparison/blocks.h"
#include "analysis/comparison/drift.h"
#include "analysis/comparison/judge.h"
#include "analysis/comparison/rule.h"
#include "analysis/comparison/sides.h"
#include "analysis/comparison/summary.h"

namespace benchd::analysis {
namespace {

base::Error refusal(std::string why) {
  return {0, std::move(why)};
}

std::string quoted(const std::string& variant) {
  return "variant \"" + variant + "\"";
}

/// All runs, by side.
struct Field {
  std::vector<Starts> variants;
  Starts control;
  model::Blocking blocking = model::Blocking::None;
  uint64_t blocks = 0;
};

/// A number of its own for each host's block.
std::vector<uint64_t> blocks_of_campaign(std::span<const model::Run> runs) {
  std::map<std::pair<std::string_view, uint64_t>, uint64_t> numbers;
  std::vector<uint64_t> blocks;
  for (const model::Run& run : runs)
    blocks.push_back(numbers.try_emplace({run.host, *run.block}, numbers.size()).first->second);
  return blocks;
}

Field place(const model::Experiment& experiment, std::span<const model::Run> runs) {
  Field field;
  std::vector<uint64_t> blocks;
  if (std::all_of(runs.begin(), runs.end(), [](const model::Run& run) { return run.block.has_value(); })) {
    field.blocking = model::Blocking::Campaign;
    blocks = blocks_of_campaign(runs);
  } else if (!experiment.control && !looks_sorted(runs, experiment.variants.size(), experiment.measure)) {
    blocks = blocks_in_order(runs, experiment.variants.size());
    if (!blocks.empty()) field.blocking = model::Blocking::FoundInOrder;
  }
  if (!blocks.empty()) field.blocks = *std::max_element(blocks.begin(), blocks.end()) + 1;
  field.variants.resize(experiment.variants.size());
  for (size_t i = 0; i < runs.size(); ++i) {
    Starts& starts = runs[i].control ? field.control : field.variants[runs[i].variant];
    starts.push_back({&runs[i], i, blocks.empty() ? 0 : blocks[i]});
  }
  return field;
}

bool twice_in_a_block(const Starts& starts) {
  std::unordered_set<uint64_t> seen;
  return !std::all_of(starts.begin(), starts.end(),
                      [&seen](const Start& start) { return seen.insert(start.block).second; });
}

std::unordered_set<std::string_view> hosts_of(const Starts& starts) {
  std::unordered_set<std::string_view> hosts;
  for (const Start& start : starts) hosts.insert(start.run->host);
  return hosts;
}

bool share_a_host(const Starts& a, const Starts& b) {
  const auto hosts = hosts_of(a);
  return std::any_of(b.begin(), b.end(), [&hosts](const Start& start) { return hosts.contains(start.run->host); });
}

/// Values of all variants in the order of starts, each less its variant's typical one.
std::vector<double> without_variants(const Field& field, model::Measure measure) {
  std::vector<std::pair<uint64_t, double>> placed;
  for (const Starts& starts : field.variants) {
    std::vector<std::pair<uint64_t, double>> own;
    std::vector<double> logs;
    for (const Start& start : counted(starts)) {
      const auto log = log_value(*start.run, measure);
      if (!log || !std::isfinite(*log)) continue;
      own.emplace_back(start.order, *log);
      logs.push_back(*log);
    }
    if (logs.empty()) continue;
    const double typical = quantile(logs, 0.5);
    for (const auto& [order, log] : own) placed.emplace_back(order, log - typical);
  }
  std::sort(placed.begin(), placed.end());
  std::vector<double> result;
  result.reserve(placed.size());
  for (const auto& [order, log] : placed) result.push_back(log);
  return result;
}

}  // namespace

base::Result<model::ComparisonSet> compare(const model::Experiment& experiment, std::span<const model::Run> runs,
                                           const Question& question) {
  if (runs.empty()) return refusal("there are no runs to compare");
  if (experiment.variants.size() < 2)
    return refusal("there is only " + quoted(experiment.variants.front()) + ", and nothing to compare it with");
  const Field field = place(experiment, runs);
  const Starts& baseline = field.variants[experiment.baseline];
  for (size_t i = 0; i < field.variants.size(); ++i) {
    const std::string& name = experiment.variants[i];
    const Starts& starts = field.variants[i];
    if (field.blocking == model::Blocking::Campaign && twice_in_a_block(starts))
      return refusal(quoted(name) + " is twice in one block");
    if (!baseline.empty() && !starts.empty() && !share_a_host(baseline, starts))
      return refusal(quoted(name) + " and the baseline " + quoted(experiment.variants[experiment.baseline]) +
                     " never ran on the same host: the difference would be the hosts'");
  }

  model::ComparisonSet set;
  set.experiment = experiment;
  set.blocking = field.blocking;
  set.blocks = field.blocks;
  set.looks = question.look;
  set.order_accepted = question.accept_order;
  std::unordered_set<std::string_view> hosts;
  for (const model::Run& run : runs) hosts.insert(run.host);
  set.hosts = hosts.size();
  set.together = experiment.variants.size() - 1 + (experiment.control ? 1 : 0);

  const double alpha = 1 - experiment.confidence;
  const Terms terms{experiment.measure,
                    experiment.threshold,
                    alpha_of_look(alpha, question.look, question.planned_end) / static_cast<double>(set.together),
                    alpha,
                    field.blocking != model::Blocking::None,
                    question.accept_order};
  set.baseline = summarize(experiment.variants[experiment.baseline], baseline, experiment.measure, alpha);
  if (experiment.control) set.control = judge_control(baseline, field.control, terms);
  if (set.hosts == 1) set.drift = drift(without_variants(field, experiment.measure));
  for (size_t i = 0; i < field.variants.size(); ++i) {
    if (i == experiment.baseline) continue;
    model::Comparison& comparison =
        set.comparisons.emplace_back(judge(baseline, field.variants[i], set.control ? &*set.control : nullptr, terms));
    comparison.variant = summarize(experiment.variants[i], field.variants[i], experiment.measure, alpha);
  }
  return set;
}

}  // namespace benchd::analysis
