#include "daemon/finished_campaigns.h"

#include <algorithm>
#include <set>

#include "analysis/comparison/cells.h"
#include "analysis/comparison/records.h"
#include "collectors/results/definition.h"
#include "daemon/ledger/run_tables.h"

namespace benchd::daemon {
namespace {

constexpr size_t kMostExperiments = 20;

/// The latest of each experiment, the latest of all first.
std::vector<model::Campaign> latest_finished(const std::vector<model::Campaign>& by_start) {
  std::vector<model::Campaign> latest;
  std::set<std::string> seen;
  for (auto it = by_start.rbegin(); it != by_start.rend() && latest.size() < kMostExperiments; ++it)
    if (it->finished_at && seen.insert(it->experiment).second) latest.push_back(*it);
  return latest;
}

/// On each cell of its matrix, those that can be judged.
std::vector<model::ComparisonSet> verdicts_on(const model::Campaign& campaign, ledger::RunReader reader) {
  auto fixed = results::parse_definition(campaign.definition);
  if (!fixed.ok()) return {};
  fixed->whole.name = campaign.experiment;
  fixed->whole.seed = campaign.seed;
  ledger::RunFilter filter;
  filter.campaign = campaign.id;
  auto runs = reader.runs(filter);
  if (!runs.ok()) return {};
  std::stable_sort(runs->begin(), runs->end(), [](const auto& a, const auto& b) { return a.order < b.order; });
  std::vector<model::ComparisonSet> sets;
  for (const model::Experiment& experiment : analysis::experiments_of(fixed->whole, fixed->cells)) {
    auto set = analysis::compare(experiment, *runs, {.look = std::max<uint64_t>(campaign.looks, 1)});
    if (set.ok()) sets.push_back(*std::move(set));
  }
  return sets;
}

}  // namespace

FinishedCampaigns finished_campaigns(const std::string& ledger_path) {
  auto sets = std::make_shared<std::vector<model::ComparisonSet>>();
  auto view = ledger::LedgerView::open(ledger_path);
  if (!view.ok()) return sets;
  const auto campaigns = view->runs().campaigns();
  if (!campaigns.ok()) return sets;
  for (const model::Campaign& campaign : latest_finished(*campaigns)) {
    for (model::ComparisonSet& set : verdicts_on(campaign, view->runs())) sets->push_back(std::move(set));
  }
  return sets;
}

}  // namespace benchd::daemon
