#include "daemon/commands/compare_experiment.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "analysis/comparison/cells.h"
#include "analysis/comparison/records.h"
#include "base/clock.h"
#include "base/text.h"
#include "collectors/results/definition.h"
#include "daemon/commands/stored_medians.h"
#include "daemon/commands/verdict_output.h"
#include "daemon/control/control_client.h"
#include "daemon/ledger/ledger.h"
#include "daemon/ledger/places.h"

namespace benchd::daemon {
namespace {

using base::Done;
using base::Error;
using base::Result;
using ledger::LedgerView;
using ledger::RunFilter;
using model::Campaign;
using model::Experiment;
using model::RunRecord;
using Json = nlohmann::json;

/// A ledger that has runs of the experiment.
struct Source {
  std::string path;
  LedgerView view;
  std::optional<Campaign> campaign;
};

Result<std::optional<Campaign>> chosen_campaign(LedgerView& view, const ExperimentQuestion& question) {
  if (question.campaign == "none") return std::optional<Campaign>();
  if (question.campaign.empty()) return view.runs().latest_campaign(question.experiment);
  const auto all = view.runs().campaigns(question.experiment);
  if (!all.ok()) return all.error();
  for (const Campaign& it : *all)
    if (it.id == question.campaign) return std::optional(it);
  return std::optional<Campaign>();
}

std::vector<std::string> campaign_ids(LedgerView& view, const std::string& experiment) {
  std::vector<std::string> ids;
  if (const auto all = view.runs().campaigns(experiment); all.ok())
    for (const Campaign& it : *all) ids.push_back(it.id);
  return ids;
}

/// Where no ledger is named, whichever has the later campaign: `bench` may have written one of its own before, or
/// beside, the daemon's.
Result<Source> find_source(const ExperimentQuestion& question) {
  const std::vector<std::string> paths =
      question.ledger.empty() ? ledger::readable_ledgers() : std::vector{question.ledger};
  std::optional<Source> best;
  std::vector<std::string> campaigns;
  for (const std::string& path : paths) {
    Result<LedgerView> view = LedgerView::open(path);
    if (!view.ok()) return view.error();
    Result<std::optional<Campaign>> campaign = chosen_campaign(*view, question);
    if (!campaign.ok()) return campaign.error();
    for (const std::string& id : campaign_ids(*view, question.experiment)) campaigns.push_back(id);
    RunFilter filter;
    filter.experiment = question.experiment;
    const auto count = view->runs().count_runs(filter);
    if (!count.ok()) return count.error();
    const bool wanted = *campaign || (*count > 0 && (question.campaign.empty() || question.campaign == "none"));
    const bool later =
        !best || (*campaign && (!best->campaign || best->campaign->started_at < (*campaign)->started_at));
    if (wanted && later) best = Source{path, *std::move(view), *std::move(campaign)};
  }
  if (best) return std::move(*best);
  const std::string where = paths.empty() ? "there is no ledger that this user may read (--ledger names one)"
                                          : fmt::format("not in {}", fmt::join(paths, ", "));
  if (!question.campaign.empty() && !campaigns.empty())
    return Error{.attempt = fmt::format("--campaign: found \"{}\", those of \"{}\" are {}", question.campaign,
                                        question.experiment, fmt::join(campaigns, ", "))};
  return Error{.attempt =
                   fmt::format("\"{}\" is no file, and no experiment that has runs: {}", question.experiment, where)};
}

Error contradiction(const char* flag, const std::string& found, const std::string& fixed) {
  return {.attempt =
              fmt::format("{}: found \"{}\", but the campaign fixed {} before its first run", flag, found, fixed)};
}

/// What was fixed binds: a flag may repeat it, no more.
Result<Done> check_flags(const ExperimentQuestion& question, const Experiment& experiment) {
  const auto differs = [](const std::optional<double>& share, double fixed) {
    return !share || std::abs(*share - fixed) > 1e-9;
  };
  if (!question.baseline.empty() && question.baseline != experiment.variants[experiment.baseline])
    return contradiction("--baseline", question.baseline, '"' + experiment.variants[experiment.baseline] + '"');
  if (!question.measure.empty() && question.measure != model::entry_of(experiment.measure).name)
    return contradiction("--measure", question.measure, model::entry_of(experiment.measure).name);
  if (!question.threshold.empty() && differs(base::parse_share(question.threshold), experiment.threshold))
    return contradiction("--threshold", question.threshold, fmt::format("{:g}%", experiment.threshold * 100));
  if (!question.confidence.empty() && differs(base::parse_share(question.confidence), experiment.confidence))
    return contradiction("--confidence", question.confidence, fmt::format("{:g}%", experiment.confidence * 100));
  return Done{};
}

Result<Done> apply_flags(const ExperimentQuestion& question, Experiment& experiment) {
  if (!question.baseline.empty()) {
    const auto found = std::find(experiment.variants.begin(), experiment.variants.end(), question.baseline);
    if (found == experiment.variants.end())
      return Error{.attempt = fmt::format("--baseline: found \"{}\", the variants are {}", question.baseline,
                                          fmt::join(experiment.variants, ", "))};
    experiment.baseline = static_cast<uint32_t>(found - experiment.variants.begin());
  }
  if (!question.measure.empty()) {
    const auto measure = model::measure_named(question.measure);
    if (!measure || *measure == model::Measure::Value) {
      std::vector<const char*> names;
      for (const model::MeasureEntry& entry : model::kMeasures)
        if (entry.measure != model::Measure::Value) names.push_back(entry.name);
      return Error{.attempt = fmt::format("--measure: found \"{}\", allowed is one of {}", question.measure,
                                          fmt::join(names, ", "))};
    }
    experiment.measure = *measure;
  }
  if (!question.threshold.empty()) {
    const auto threshold = threshold_of(question.threshold);
    if (!threshold.ok()) return threshold.error();
    experiment.threshold = *threshold;
  }
  if (!question.confidence.empty()) {
    const auto confidence = confidence_of(question.confidence);
    if (!confidence.ok()) return confidence.error();
    experiment.confidence = *confidence;
  }
  return Done{};
}

Result<std::vector<RunRecord>> runs_of(ledger::RunReader reader, const ExperimentQuestion& question,
                                       const std::optional<Campaign>& campaign) {
  RunFilter filter;
  filter.experiment = question.experiment;
  filter.campaign = campaign ? campaign->id : "";
  auto runs = reader.runs(filter);
  if (!runs.ok()) return runs;
  if (campaign) {
    // Clocks may be stepped during a campaign; its own count of starts is not.
    std::stable_sort(runs->begin(), runs->end(),
                     [](const RunRecord& a, const RunRecord& b) { return a.order < b.order; });
  }
  return runs;
}

Progress progress_of(const Campaign& campaign, const std::vector<RunRecord>& runs, std::string why) {
  Progress progress{.campaign = campaign, .why = std::move(why)};
  std::set<uint64_t> blocks;
  for (const RunRecord& run : runs) {
    if (run.warm_up) continue;
    ++progress.runs;
    progress.failed += run.failure.empty() ? 0 : 1;
    if (run.block) blocks.insert(*run.block);
  }
  progress.blocks = blocks.size();
  return progress;
}

ExperimentAnswer only(Progress progress) {
  return {.cells = {}, .progress = std::move(progress)};
}

Result<ExperimentAnswer> judge(const std::vector<Experiment>& cells, const std::vector<RunRecord>& runs,
                               const analysis::Question& question) {
  ExperimentAnswer answer;
  for (const Experiment& cell : cells) {
    auto set = analysis::compare(cell, runs, question);
    if (!set.ok()) return Error{set.error().code, cell.name + ": " + set.error().attempt};
    answer.cells.push_back(evidence_of(*std::move(set), runs));
  }
  return answer;
}

/// Has the daemon count a look, where the ledger is its own.
Result<uint64_t> count_at_daemon(const std::string& socket, const std::string& ledger, const std::string& campaign) {
  ControlClient client(socket);
  const auto whose = client.ask("GET", "/v1/ledger");
  if (!whose.ok()) return whose.error();
  const auto its = Json::parse(whose->body, nullptr, false);
  std::error_code error;
  if (!its.is_object() || !std::filesystem::equivalent(its.value("path", ""), ledger, error))
    return Error{.attempt = "the daemon at " + socket + " has another ledger"};
  // The client may have to send it twice.
  const std::string which = fmt::format("{}.{}", ::getpid(), base::now());
  const auto answer = client.ask("POST", "/v1/look", Json{{"campaign", campaign}, {"request", which}}.dump());
  if (!answer.ok()) return answer.error();
  if (answer->status != 200) return error_of(*answer);
  const auto counted = Json::parse(answer->body, nullptr, false);
  if (!counted.is_object() || !counted.contains("looks") || !counted["looks"].is_number_unsigned())
    return Error{.code = EPROTO, .attempt = "count a look at the daemon"};
  return counted["looks"].get<uint64_t>();
}

/// A campaign that goes on, or was cut off. The look is counted before the verdict is computed, and by no one who could
/// not count it.
Result<ExperimentAnswer> look_at(const Source& source, const ExperimentQuestion& question,
                                 const std::vector<Experiment>& cells, const std::vector<RunRecord>& seen) {
  const Campaign& campaign = *source.campaign;
  // A first time without the counting: what has no verdict anyway spends nothing.
  if (auto any = judge(cells, seen, {.accept_order = question.accept_order}); !any.ok()) return any;
  Result<ledger::Ledger> writer = ledger::Ledger::open(source.path);
  // Whose group may read the daemon's ledger may ask the daemon too.
  if (!writer.ok() && (writer.error().code == EBUSY || writer.error().code == EACCES)) {
    const auto look = count_at_daemon(question.socket, source.path, campaign.id);
    if (look.ok())
      return judge(cells, seen, {.look = *look, .planned_end = false, .accept_order = question.accept_order});
  }
  if (!writer.ok())
    return only(progress_of(campaign, seen, "only the ledger's writer can count a look: " + writer.error().message()));
  const auto runs = runs_of(writer->runs(), question, campaign);
  if (!runs.ok()) return runs.error();
  const auto look = writer->record_look(campaign.id);
  if (!look.ok()) return look.error();
  return judge(cells, *runs, {.look = *look, .planned_end = false, .accept_order = question.accept_order});
}

/// In the same ledger.
Result<std::vector<std::string>> medians_of(ledger::RunReader reader, const std::string& id,
                                            const std::vector<Experiment>& cells) {
  const auto campaign = reader.campaign(id);
  if (!campaign.ok()) return campaign.error();
  if (!*campaign) return Error{.attempt = "--against: found \"" + id + "\", which is no campaign of this ledger"};
  RunFilter filter;
  filter.campaign = id;
  const auto runs = reader.runs(filter);
  if (!runs.ok()) return runs.error();
  std::vector<std::string> lines;
  for (const Experiment& cell : cells)
    for (std::string& line : stored_medians(**campaign, *runs, cell)) lines.push_back(std::move(line));
  return lines;
}

}  // namespace

std::string as_text(const Progress& progress) {
  return fmt::format("{}, campaign {}, is not finished: {} of {} blocks begun, {} runs ({} failed). No verdict: {}",
                     progress.campaign.experiment, progress.campaign.id, progress.blocks,
                     progress.campaign.planned_blocks, progress.runs, progress.failed, progress.why);
}

std::string as_json(const Progress& progress) {
  const nlohmann::ordered_json json = {{"experiment", base::to_utf8(progress.campaign.experiment)},
                                       {"campaign", base::to_utf8(progress.campaign.id)},
                                       {"finished", false},
                                       {"blocks", progress.blocks},
                                       {"planned_blocks", progress.campaign.planned_blocks},
                                       {"runs", progress.runs},
                                       {"failed", progress.failed},
                                       {"why", base::to_utf8(progress.why)},
                                       {"comparisons", nlohmann::ordered_json::array()}};
  return json.dump(2) + '\n';
}

Result<ExperimentAnswer> compare_experiment(const ExperimentQuestion& question) {
  Result<Source> source = find_source(question);
  if (!source.ok()) return source.error();
  const auto runs = runs_of(source->view.runs(), question, source->campaign);
  if (!runs.ok()) return runs.error();
  std::vector<Experiment> cells;
  if (source->campaign) {
    auto fixed = results::parse_definition(source->campaign->definition);
    if (!fixed.ok()) return fixed.error();
    fixed->whole.name = question.experiment;
    fixed->whole.seed = source->campaign->seed;
    if (const auto checked = check_flags(question, fixed->whole); !checked.ok()) return checked.error();
    cells = analysis::experiments_of(fixed->whole, fixed->cells);
  } else {
    Experiment experiment = analysis::experiment_of(question.experiment, *runs);
    if (experiment.variants.empty())
      return Error{.attempt =
                       "\"" + question.experiment +
                       "\" has only runs of campaigns whose definition is not in this ledger: export them as JSON "
                       "where it is"};
    if (const auto applied = apply_flags(question, experiment); !applied.ok()) return applied.error();
    cells = {std::move(experiment)};
  }
  std::vector<std::string> stored;
  if (!question.against.empty()) {
    auto lines = medians_of(source->view.runs(), question.against, cells);
    if (!lines.ok()) return lines.error();
    stored = *std::move(lines);
  }
  auto answer = [&]() -> Result<ExperimentAnswer> {
    if (!source->campaign || source->campaign->finished_at)
      return judge(cells, *runs,
                   {.look = source->campaign ? std::max<uint64_t>(source->campaign->looks, 1) : 1,
                    .planned_end = true,
                    .accept_order = question.accept_order});
    if (runs->empty()) return only(progress_of(*source->campaign, *runs, "it has no run yet"));
    return look_at(*source, question, cells, *runs);
  }();
  if (answer.ok()) answer->stored = std::move(stored);
  return answer;
}

}  // namespace benchd::daemon
