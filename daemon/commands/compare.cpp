#include "analysis/comparison/compare.h"

#include <algorithm>
#include <filesystem>
#include <iostream>

#include "collectors/results/results.h"
#include "daemon/campaign/definition/units.h"
#include "daemon/commands/commands.h"
#include "daemon/commands/compare_experiment.h"
#include "daemon/commands/format_flag.h"
#include "daemon/commands/verdict_output.h"
#include "daemon/control/socket.h"
#include "daemon/ledger/places.h"
#include "exporters/report/words.h"

namespace benchd::daemon {
namespace {

/// The flags as they were typed; empty: not given.
struct CompareFlags {
  std::vector<std::string> files;
  std::string baseline;
  std::string threshold;
  std::string measure;
  std::string confidence;
  std::string campaign;
  std::string ledger;
  std::string against;
  std::string socket = kControlSocket;
  bool accept_order = false;
};

template <class Range, class Name>
std::string list_of(const Range& range, Name name) {
  std::string list;
  for (const auto& it : range) list += (list.empty() ? "" : ", ") + std::string(name(it));
  return list;
}

base::Result<base::Done> apply_flags(const CompareFlags& flags, const results::Results& results,
                                     model::Experiment& experiment) {
  if (!flags.baseline.empty()) {
    const auto found = std::find(results.variants.begin(), results.variants.end(), flags.baseline);
    if (found == results.variants.end())
      return bad_flag("--baseline", flags.baseline,
                      "the variants are " + list_of(results.variants, [](const std::string& name) { return name; }));
    experiment.baseline = static_cast<uint32_t>(found - results.variants.begin());
  }
  if (!flags.measure.empty()) {
    const auto measure = model::measure_named(flags.measure);
    if (!measure || std::find(results.measures.begin(), results.measures.end(), *measure) == results.measures.end())
      return bad_flag("--measure", flags.measure, "there is " + list_of(results.measures, [](model::Measure measure) {
                                                    return model::entry_of(measure).name;
                                                  }));
    experiment.measure = *measure;
  }
  if (!flags.threshold.empty()) {
    const auto threshold = threshold_of(flags.threshold);
    if (!threshold.ok()) return threshold.error();
    experiment.threshold = *threshold;
  }
  if (!flags.confidence.empty()) {
    const auto confidence = confidence_of(flags.confidence);
    if (!confidence.ok()) return confidence.error();
    experiment.confidence = *confidence;
  }
  return base::Done{};
}

base::Result<report::Evidence> compare_files(const CompareFlags& flags) {
  auto results = results::read(flags.files);
  if (!results.ok()) return results.error();
  model::Experiment experiment;
  experiment.name =
      list_of(flags.files, [](const std::string& path) { return std::filesystem::path(path).filename().string(); });
  experiment.measure = results->measures.front();
  experiment.variants = results->variants;
  if (const auto applied = apply_flags(flags, *results, experiment); !applied.ok()) return applied.error();
  auto set = analysis::compare(experiment, results->runs, {.accept_order = flags.accept_order});
  if (!set.ok()) return set.error();
  return report::Evidence{.set = *std::move(set), .runs = std::move(results->runs), .records = {}};
}

/// A word that is no file is an experiment, unless it looks like a path.
bool names_experiment(const CompareFlags& flags) {
  if (flags.files.size() != 1) return false;
  const std::filesystem::path word = flags.files.front();
  std::error_code error;
  if (std::filesystem::exists(word, error)) return false;
  return !flags.campaign.empty() || !flags.ledger.empty() ||
         (!word.has_parent_path() && word.extension() != ".csv" && word.extension() != ".json");
}

base::Result<ExperimentAnswer> answer(const CompareFlags& flags) {
  if (names_experiment(flags)) {
    return compare_experiment({.experiment = flags.files.front(),
                               .campaign = flags.campaign,
                               .ledger = flags.ledger,
                               .against = flags.against,
                               .socket = flags.socket,
                               .baseline = flags.baseline,
                               .threshold = flags.threshold,
                               .measure = flags.measure,
                               .confidence = flags.confidence,
                               .accept_order = flags.accept_order});
  }
  if (!flags.campaign.empty() || !flags.ledger.empty() || !flags.against.empty())
    return base::Error{
        0, "--campaign, --against and --ledger are about an experiment, and \"" + flags.files.front() + "\" is a file"};
  auto evidence = compare_files(flags);
  if (!evidence.ok()) return evidence.error();
  return ExperimentAnswer{.cells = {*std::move(evidence)}, .progress = {}};
}

int failed(const base::Error& error) {
  std::cerr << "benchd compare: " << report::printable(error.message()) << '\n';
  return kExitUsage;
}

int compare(const CompareFlags& flags, const std::string& format, const std::string& plots,
            const std::vector<std::string>& fail_on) {
  const auto answered = answer(flags);
  if (!answered.ok()) return failed(answered.error());
  if (answered->progress) {
    if (format == "json") std::cout << as_json(*answered->progress);
    std::cerr << report::printable(as_text(*answered->progress)) << '\n';
    return kExitUsage;
  }
  if (!plots.empty()) {
    if (const auto written = write_plots(answered->cells, plots); !written.ok()) return failed(written.error());
  }
  std::cout << formatted(answered->cells, format);
  for (const std::string& line : answered->stored) std::cerr << report::printable(line) << '\n';
  return exit_code_of(answered->cells, fail_on);
}

}  // namespace

void add_compare(CLI::App& app, int& exit_code) {
  const auto flags = std::make_shared<CompareFlags>();
  CLI::App* command =
      app.add_subcommand("compare", "Say which variant is faster, by how much, and whether that is sure");
  command
      ->add_option("EXPERIMENT-or-FILE", flags->files,
                   "an experiment of the ledger, or results: CSV, hyperfine's JSON, pyperf's JSON")
      ->required();
  command->add_option("--campaign", flags->campaign,
                      "another one than the experiment's latest; \"none\": runs that the daemon saw outside of any");
  command
      ->add_option("--against", flags->against,
                   "another campaign of the ledger, whose medians are shown beside, and never judged")
      ->type_name("CAMPAIGN");
  command->add_option("--ledger", flags->ledger,
                      std::string("the experiment's file [") + ledger::kSystemLedger + ", or the user's own]");
  command->add_option("--socket", flags->socket,
                      std::string("of the daemon, which counts looks at its ledger [") + kControlSocket + "]");
  command->add_option("--baseline", flags->baseline, "the variant that the others are compared with [the first]");
  command->add_option("--threshold", flags->threshold, "smaller differences do not matter [3%]");
  command->add_option("--measure", flags->measure, "the one that verdicts are about [the file's first]");
  command->add_option("--confidence", flags->confidence, "of all intervals together [95%]");
  command->add_flag("--accept-order", flags->accept_order, "judge although the runs were not interleaved");
  const auto fail_on = add_fail_on(*command);
  const auto format = add_format(*command, verdict_formats());
  const auto plots = add_plots(*command);
  command->footer(
      "CSV has rows of variant[,block],value in the order of starts, or a first line that names its columns: variant,\n"
      "block, host, outcome (ok or failed), excluded (the cause on the host, if any), and one measure or more: " +
      list_of(model::kMeasures, [](const model::MeasureEntry& entry) { return entry.name; }) +
      ".\n"
      "Decide threshold, baseline and measure before you look at the data; of a campaign they were fixed before its\n"
      "first run. While it goes on each verdict is counted as a look, and spends of its confidence.\n"
      "Exit codes: 0 = there are verdicts, 1 = one that --fail-on names, 2 = usage, bad input or no verdict at all.\n"
      "Examples:\n"
      "  benchd compare python-builds\n"
      "  benchd compare runs.csv --threshold=5%\n"
      "  hyperfine --export-json=h.json './old' './new'; benchd compare h.json --accept-order\n"
      "  benchd compare base.json change.json --fail-on=slower,failed --format=json\n"
      "  benchd compare runs.csv --format=html > report.html");
  command->callback(
      [flags, format, plots, fail_on, &exit_code] { exit_code = compare(*flags, *format, *plots, *fail_on); });
}

}  // namespace benchd::daemon
