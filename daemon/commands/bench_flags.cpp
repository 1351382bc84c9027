#include "daemon/commands/bench_flags.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "base/file.h"
#include "daemon/campaign/definition/campaign_file.h"
#include "daemon/campaign/definition/command_line.h"
#include "daemon/campaign/definition/units.h"
#include "daemon/commands/format_flag.h"
#include "daemon/commands/verdict_output.h"

namespace benchd::daemon {
namespace {

using base::Done;
using base::Error;
using base::Result;

/// Flags that say what a campaign file says.
constexpr const char* kOfDefinition[] = {"--name",    "--experiment", "--runs",    "--warmup",
                                         "--prepare", "--conclude",   "--timeout", "--threshold",
                                         "--measure", "--control",    "--exclude", "--shell"};

constexpr uint64_t kMostRuns = 100'000;

Result<model::Measure> measure_of_commands(const std::string& name) {
  const auto measure = model::measure_named(name);
  for (const auto known :
       {model::Measure::Duration, model::Measure::CpuSeconds, model::Measure::MemoryPeak, model::Measure::IoBytes})
    if (measure == known) return known;
  return bad_flag("--measure", name, "allowed is one of duration, cpu_seconds, memory_peak, io_bytes");
}

Result<campaign::Definition> definition_of_file(const std::string& path, const std::string& folder) {
  const auto text = base::read_text(path);
  if (!text.ok()) return text.error();
  return campaign::parse_campaign(*text, path, folder);
}

std::string folder_of(const BenchFlags& flags) {
  return flags.is_file() ? std::filesystem::absolute(flags.commands[0]).parent_path() : std::filesystem::current_path();
}

Result<campaign::Definition> definition_of_commands(const BenchFlags& flags) {
  campaign::Definition definition;
  model::Experiment& experiment = definition.experiment;
  experiment.name = flags.experiment;
  experiment.control = flags.control;
  if (flags.commands.empty()) return Error{.attempt = "found no command"};
  if (flags.commands.size() < 2 && flags.against.empty())
    return Error{.attempt = "found one command: nothing to compare it with; give another"};
  if (!flags.names.empty() && flags.names.size() != flags.commands.size())
    return Error{.attempt = fmt::format("-n: found {} names, expected one for each of the {} commands",
                                        flags.names.size(), flags.commands.size())};
  if (flags.runs < 2 || flags.runs > kMostRuns)
    return bad_flag("--runs", std::to_string(flags.runs), fmt::format("expected 2 to {}", kMostRuns));
  definition.runs = flags.runs;
  definition.warm_up = flags.warm_up;
  definition.exclusion.enabled = flags.exclude == "busy";
  if (!flags.threshold.empty()) {
    const auto threshold = threshold_of(flags.threshold);
    if (!threshold.ok()) return threshold.error();
    experiment.threshold = *threshold;
  }
  if (!flags.measure.empty()) {
    const auto measure = measure_of_commands(flags.measure);
    if (!measure.ok()) return measure.error();
    experiment.measure = *measure;
  }
  std::optional<int64_t> timeout;
  if (!flags.timeout.empty()) {
    timeout = campaign::parse_time(flags.timeout);
    if (!timeout) return bad_flag("--timeout", flags.timeout, "expected a time such as 30s, 500ms, 2m or 1h");
  }
  const auto shell = flags.shell == "none"      ? campaign::Shell::None
                     : flags.shell == "default" ? campaign::Shell::Default
                                                : campaign::Shell::Auto;
  for (size_t i = 0; i < flags.commands.size(); ++i) {
    auto command = campaign::split_command(flags.commands[i], shell);
    if (!command.ok()) return command.error();
    campaign::Variant variant;
    variant.name = flags.names.empty() ? flags.commands[i] : flags.names[i];
    variant.command = *std::move(command);
    variant.timeout_ns = timeout;
    variant.prepare = flags.prepare;
    variant.conclude = flags.conclude;
    if (std::find(experiment.variants.begin(), experiment.variants.end(), variant.name) != experiment.variants.end())
      return Error{.attempt = "found \"" + variant.name +
                              "\" twice; tell them apart by -n NAME for each command, and "
                              "compare one with itself by --control"};
    experiment.variants.push_back(variant.name);
    definition.variants.push_back(std::move(variant));
  }
  return definition;
}

}  // namespace

bool BenchFlags::is_file() const {
  return commands.size() == 1 && (commands[0].ends_with(".yml") || commands[0].ends_with(".yaml"));
}

void add_bench_flags(CLI::App& command, BenchFlags& flags) {
  command.add_option("COMMAND", flags.commands, "commands to compare, the first is the baseline; or a campaign file");
  command.add_option("-n,--name", flags.names, "a name for each command, in their order")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
  command.add_option("--experiment", flags.experiment, "under which the ledger keeps it [bench]");
  command.add_option("-r,--runs", flags.runs, "of each variant, one a block [20]");
  command.add_option("-w,--warmup", flags.warm_up, "uncounted runs of each variant before [1]");
  command.add_option("-p,--prepare", flags.prepare, "for /bin/sh before each run, not timed");
  command.add_option("-c,--conclude", flags.conclude, "for /bin/sh after each run, not timed");
  command.add_option("--timeout", flags.timeout, "a run that takes longer is killed and has failed [none]");
  command.add_option("--threshold", flags.threshold, "smaller differences do not matter [3%]");
  command.add_option("--measure", flags.measure, "duration, cpu_seconds, memory_peak, io_bytes [duration]");
  command.add_flag("--control", flags.control, "the baseline twice a block (A/A): can this host resolve it?");
  command.add_option("--exclude", flags.exclude, "runs while others were busy on the host: busy or never [busy]")
      ->check(CLI::IsMember({"busy", "never"}));
  command.add_option("--seed", flags.seed, "of the order of starts [random, printed]");
  command.add_option("-S,--shell", flags.shell, "auto, none, default (/bin/sh -c) [auto: where it is needed]")
      ->check(CLI::IsMember({"auto", "none", "default"}));
  command.add_option("--output", flags.output, "of the commands: null or inherit [null]")
      ->check(CLI::IsMember({"null", "inherit"}));
  command.add_option("--ledger", flags.ledger,
                     "where runs are kept [that of the daemon where one runs, else ~/.local/share/benchd/ledger.db]");
  command.add_option("--socket", flags.socket, std::string("of the daemon [") + kControlSocket + "]");
  command.add_option("--export-json", flags.export_json, "write the result there as well");
  command
      .add_option("--against", flags.against,
                  "each variant's baseline is itself with the files of this git commit: main, HEAD~3, v1.2")
      ->type_name("REF");
  command.add_flag("--resume", flags.resume, "go on with the campaign that was cut off");
}

Result<Done> check_beside_file(const CLI::App& command, const BenchFlags& flags) {
  if (!flags.is_file()) return Done{};
  for (const char* flag : kOfDefinition)
    if (command.count(flag) > 0)
      return Error{.attempt =
                       fmt::format("{}: found it beside {}, allowed is it beside commands", flag, flags.commands[0])};
  return Done{};
}

Result<campaign::Definition> definition_of(const BenchFlags& flags) {
  return flags.is_file() ? definition_of_file(flags.commands[0], folder_of(flags)) : definition_of_commands(flags);
}

Result<campaign::Definition> definition_against(const BenchFlags& flags, const EarlierTree& tree) {
  if (flags.resume && tree.is_dirty())
    return Error{.attempt =
                     "--resume: there are changes that are not committed: nobody knows whether they are the "
                     "same; commit them, and begin anew"};
  const auto there = tree.counterpart(folder_of(flags));
  if (!there.ok()) return there.error();
  auto now = definition_of(flags);
  if (!now.ok()) return now;
  auto then = flags.is_file() ? definition_of_file(flags.commands[0], *there) : now;
  if (!then.ok()) return then;
  campaign::Definition both = *now;
  both.variants.clear();
  both.cells.clear();
  both.experiment.variants.clear();
  both.experiment.baseline = 0;
  for (size_t i = 0; i < now->variants.size(); ++i) {
    campaign::Variant before = then->variants[i];
    campaign::Variant after = now->variants[i];
    before.name += " @ " + flags.against;
    before.directory = *there;
    before.commit = tree.commit();
    after.commit = tree.current_commit();
    const auto place = static_cast<uint32_t>(both.variants.size());
    both.cells.push_back({.name = after.name, .variants = {place, place + 1}, .baseline = place});
    for (const campaign::Variant* variant : {&before, &after}) {
      both.experiment.variants.push_back(variant->name);
      both.variants.push_back(*variant);
    }
  }
  if (both.cells.size() == 1) both.cells.clear();
  return both;
}

}  // namespace benchd::daemon
