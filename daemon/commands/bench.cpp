#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/random.h>
#include <unistd.h>

#include "analysis/comparison/cells.h"
#include "analysis/comparison/records.h"
#include "base/file.h"
#include "collectors/host/facts.h"
#include "collectors/kernel/kernel_collector.h"
#include "collectors/kernel/programs/load.h"
#include "collectors/tasks/rules/rule_file.h"
#include "daemon/campaign/cgroups/cgroup_home.h"
#include "daemon/campaign/cgroups/limits.h"
#include "daemon/campaign/container_runner.h"
#include "daemon/campaign/definition/campaign_file.h"
#include "daemon/campaign/engine/containers.h"
#include "daemon/campaign/local_runner.h"
#include "daemon/campaign/services.h"
#include "daemon/campaign/session.h"
#include "daemon/commands/bench_flags.h"
#include "daemon/commands/commands.h"
#include "daemon/commands/format_flag.h"
#include "daemon/commands/stored_medians.h"
#include "daemon/commands/verdict_output.h"
#include "daemon/control/keeper.h"
#include "daemon/ledger/places.h"
#include "exporters/report/words.h"

namespace benchd::daemon {
namespace {

using base::Done;
using base::Error;
using base::Result;

uint64_t random_bits(unsigned bits) {
  uint64_t value = 0;
  if (::getrandom(&value, sizeof value, 0) != sizeof value) value = static_cast<uint64_t>(base::now());
  return value >> (64 - bits);
}

model::Campaign new_campaign(const campaign::Definition& definition, const std::string& host,
                             std::optional<uint64_t> seed) {
  model::Campaign campaign;
  campaign.started_at = base::now() + base::wall_offset();
  campaign.id =
      fmt::format("{:%Y%m%dT%H%M%S}-{:06x}", fmt::gmtime(campaign.started_at / base::kSecond), random_bits(24));
  campaign.experiment = definition.experiment.name;
  campaign.definition = canonical_json(definition);
  campaign.hash = campaign::hash_of(campaign.definition);
  campaign.host = host;
  campaign.seed = seed.value_or(random_bits(32));
  campaign.planned_blocks = definition.runs;
  return campaign;
}

/// The unfinished campaign of this very definition that began last.
Result<model::Campaign> campaign_to_resume(Keeper& keeper, const model::Campaign& wanted) {
  auto known = keeper.campaigns();
  if (!known.ok()) return known.error();
  std::erase_if(*known, [&](const model::Campaign& it) { return it.experiment != wanted.experiment; });
  const auto same =
      std::find_if(known->rbegin(), known->rend(), [&](const model::Campaign& it) { return it.hash == wanted.hash; });
  if (same == known->rend())
    return Error{.attempt = "--resume: " + keeper.name() + " has no campaign of just this experiment" +
                            (known->empty() ? "; --ledger names another" : "; what was edited makes a new campaign")};
  if (same->finished_at)
    return Error{.attempt = "--resume: campaign " + same->id + " is finished; without --resume a new one begins"};
  if (same->host != wanted.host)
    return Error{.attempt =
                     "--resume: campaign " + same->id + " was begun on " + same->host + ", this is " + wanted.host};
  return *same;
}

/// For time per cpu and thread states; without them everything else works.
std::unique_ptr<kernel::KernelCollector> load_kernel() {
  const auto online = base::read_text("/sys/devices/system/cpu/online");
  if (!online.ok()) return nullptr;
  auto handles = kernel::load_programs();
  if (!handles.ok()) return nullptr;
  auto collector =
      kernel::KernelCollector::make(*std::move(handles), base::parse_cpu_list(*online).value_or(base::CpuSet()));
  return collector.ok() ? *std::move(collector) : nullptr;
}

bool is_local(const campaign::Variant& variant) {
  return variant.kind == campaign::Variant::Kind::Local;
}

bool has_containers(const campaign::Definition& definition) {
  return !std::all_of(definition.variants.begin(), definition.variants.end(), is_local) ||
         !std::all_of(definition.services.begin(), definition.services.end(),
                      [](const campaign::Service& service) { return is_local(service.variant); });
}

/// Where local ones are pinned by something that they may change.
bool is_pinned_by_affinity(const campaign::Definition& definition, const campaign::CgroupHome& home) {
  return !pins_by_cpuset(home) &&
         std::any_of(definition.variants.begin(), definition.variants.end(),
                     [](const campaign::Variant& it) { return is_local(it) && !it.cpus.empty(); });
}

/// Where containers compete for the cpus with a weight of their own, and local commands with that of whoever started
/// benchd: on a busy host their times are not of the same kind.
bool has_unequal_shares(const campaign::Definition& definition, const campaign::CgroupHome& home) {
  const auto& there = home.controllers();
  const auto local = std::count_if(definition.variants.begin(), definition.variants.end(), is_local);
  return local > 0 && static_cast<size_t>(local) < definition.variants.size() &&
         std::find(there.begin(), there.end(), "cpu") == there.end();
}

/// One that others of its network are to find by its name.
bool has_named_container(const campaign::Definition& definition) {
  return std::any_of(definition.services.begin(), definition.services.end(), [](const campaign::Service& service) {
    return !is_local(service.variant) && service.variant.network.empty();
  });
}

/// Compiled; nothing where the experiment has none.
Result<std::optional<rules::RuleSet>> rules_of(const campaign::Definition& definition) {
  if (definition.tasks.empty()) return std::optional<rules::RuleSet>();
  const auto rules = rules::parse_rules(definition.tasks, "tasks");
  if (!rules.ok()) return rules.error();
  auto compiled = rules::RuleSet::compile(*rules);
  if (!compiled.ok()) return compiled.error();
  return std::optional(*std::move(compiled));
}

void say(const std::string& text) {
  std::cerr << report::printable(text) << '\n';
}

Result<Done> write_text(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  file.close();
  return file ? Result<Done>(Done{}) : base::errno_error("write " + path);
}

std::string absolute(const std::string& path) {
  return path.empty() ? path : std::filesystem::absolute(path).string();
}

/// Never over a file that is there.
Result<Done> write_template(const std::string& path) {
  const base::Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!fd) return base::errno_error("write " + path);
  const std::string text = campaign::campaign_template();
  return ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size())
             ? Result<Done>(Done{})
             : base::errno_error("write " + path);
}

int complain(const Error& error) {
  say("benchd bench: " + error.message());
  return kExitUsage;
}

void add_init(CLI::App& command, int& exit_code, bool& chosen) {
  const auto path = std::make_shared<std::string>("campaign.yml");
  CLI::App* init = command.add_subcommand("init", "Write a commented campaign file");
  init->add_option("FILE", *path, "to write; it must not be there yet [campaign.yml]");
  init->callback([path, &exit_code, &chosen] {
    chosen = true;
    const auto written = write_template(*path);
    exit_code = written.ok() ? kExitOk : complain(written.error());
    if (written.ok()) say(*path + " is written; `benchd bench " + *path + "` runs it as it is");
  });
}

class Bench {
 public:
  Bench(const BenchFlags& flags, const std::string& format, const std::string& plots,
        const std::vector<std::string>& fail_on)
      : flags_(flags),
        format_(format),
        fail_on_(fail_on),
        plots_(absolute(plots)),
        export_json_(absolute(flags.export_json)) {}

  Result<int> run() {
    std::optional<EarlierTree> tree;
    if (!flags_.against.empty()) {
      auto checked_out = EarlierTree::check_out(flags_.against);
      if (!checked_out.ok()) return checked_out.error();
      tree.emplace(*std::move(checked_out));
    }
    auto definition = tree ? definition_against(flags_, *tree) : definition_of(flags_);
    if (!definition.ok()) return definition.error();
    base::Interrupts interrupts;
    const auto keeper = open_keeper(interrupts);
    if (!keeper.ok()) return keeper.error();
    if (flags_.is_file()) {  // whose commands name what lies beside it
      const auto folder = std::filesystem::absolute(flags_.commands[0]).parent_path();
      if (::chdir(folder.c_str()) != 0) return base::errno_error("go to " + folder.string());
    }
    auto done = bench(*definition, **keeper, interrupts);
    if (done.ok() || !interrupts.seen()) return done;
    say("interrupted before the first run: " + done.error().message());
    return kExitInterrupted;
  }

 private:
  /// The daemon where one answers, unless a ledger is named.
  Result<std::unique_ptr<Keeper>> open_keeper(base::Interrupts& interrupts) const {
    if (flags_.ledger.empty() && !flags_.socket.empty()) {
      auto daemon =
          keep_at_daemon(absolute(flags_.socket),
                         {.rest =
                              [&interrupts](int64_t nanoseconds) {
                                pollfd wait{.fd = interrupts.fd(), .events = POLLIN};
                                ::poll(&wait, 1, static_cast<int>(nanoseconds / base::kMillisecond));
                                return !interrupts.seen();
                              },
                          .tell = [](const std::string& what) { say("warning: " + what + "; waiting for it"); }});
      if (daemon.ok()) return daemon;
      const int code = daemon.error().code;
      if (code != ENOENT && code != ECONNREFUSED)
        say("warning: " + daemon.error().message() + "; runs are kept in this user's own ledger");
    }
    auto path = flags_.ledger.empty() ? ledger::own_ledger() : Result<std::string>(absolute(flags_.ledger));
    if (!path.ok()) return path.error();
    auto own = keep_in_file(*path);
    if (own.ok()) return own;
    return Error{own.error().code, "keep runs (--ledger names another file for them): " + own.error().attempt};
  }

  Result<int> bench(campaign::Definition& definition, Keeper& keeper, base::Interrupts& interrupts) {
    const model::HostFacts host = host::read_facts();
    model::Campaign campaign = new_campaign(definition, host.name, flags_.seed);
    std::vector<model::RunRecord> runs;
    if (flags_.resume) {
      auto begun = campaign_to_resume(keeper, campaign);
      if (!begun.ok()) return begun.error();
      campaign = *std::move(begun);
      auto kept = keeper.runs(campaign.id);
      if (!kept.ok()) return kept.error();
      runs = *std::move(kept);
    }
    definition.experiment.seed = campaign.seed;

    // Of this process alone: where the one before was killed, the engine may yet start its last container.
    auto home = campaign::CgroupHome::make({.name = fmt::format("{}-{}", campaign.id, ::getpid())});
    if (!home.ok()) return home.error();
    const auto kernel = load_kernel();
    campaign::NoiseMeter noise(definition.exclusion, {});
    auto rules = rules_of(definition);
    if (!rules.ok()) return rules.error();
    campaign::RunMeter meter(*home, kernel.get());
    std::optional<campaign::Containers> containers;
    if (has_containers(definition)) {
      auto engine = campaign::Engine::connect(campaign::Engine::usual_sockets(), interrupts);
      if (!engine.ok()) return engine.error();
      containers.emplace(*std::move(engine), *home, campaign.id);
      if (const auto& left = containers->left(); left.containers + left.networks > 0)
        say(fmt::format("note: removed what a killed campaign left: containers: {}, networks: {}", left.containers,
                        left.networks));
    }
    const auto output = flags_.output == "inherit" ? campaign::Output::Inherit : campaign::Output::Null;
    auto services = campaign::Services::make({.services = definition.services,
                                              .home = *home,
                                              .interrupts = interrupts,
                                              .containers = containers ? &*containers : nullptr,
                                              .inherit_output = output == campaign::Output::Inherit});
    if (!services.ok()) return services.error();
    const campaign::RunnerParts parts{.home = *home,
                                      .interrupts = interrupts,
                                      .noise = noise,
                                      .services = *services,
                                      .meter = meter,
                                      .rules = rules->has_value() ? &**rules : nullptr,
                                      .output = output};
    auto local = campaign::LocalRunner::make(parts);
    if (!local.ok()) return local.error();
    std::optional<campaign::ContainerRunner> contained;
    if (containers) contained.emplace(parts, *containers);
    const auto runner_of = [&](const campaign::Variant& variant) -> campaign::Runner& {
      if (is_local(variant)) return **local;
      return *contained;
    };
    if (const auto checked = services->check(); !checked.ok()) return checked.error();
    for (const campaign::Variant& variant : definition.variants)
      if (const auto checked = runner_of(variant).check(variant); !checked.ok())
        return Error{checked.error().code, variant.name + ": " + checked.error().attempt};
    for (const std::string& warning : campaign::noise_warnings(host, {})) say("warning: " + warning);
    if (is_pinned_by_affinity(definition, *home))
      say("note: there is no cpuset controller in " + home->path() +
          ": local commands are pinned by affinity, which they can change");
    if (has_unequal_shares(definition, *home))
      say("warning: there is no cpu controller in " + home->path() +
          ": containers compete for the cpus with a weight of their own and local commands do not, so that on a busy "
          "host their times may differ for that alone");

    if (!flags_.resume)
      if (const auto put = keeper.put(campaign); !put.ok()) return put.error();
    const std::vector<campaign::Start> plan = campaign::make_plan(definition, campaign.seed);
    const auto cut_off = [&](const Error& why) -> Result<int> {
      const std::string kept =
          fmt::format("{} of {} runs are done and kept in {}; the same command with --resume goes on", runs.size(),
                      plan.size(), keeper.name());
      if (!interrupts.seen()) return Error{.attempt = why.message() + "; " + kept};
      say("interrupted: " + kept);
      return kExitInterrupted;
    };
    if (has_named_container(definition))
      if (const auto made = containers->make_network(); !made.ok()) return cut_off(made.error());
    if (const auto started = services->start(); !started.ok()) return cut_off(started.error());
    campaign::Progress progress(plan, definition.experiment.variants,
                                {.terminal = ::isatty(STDERR_FILENO) != 0,
                                 .width = terminal_width(STDERR_FILENO),
                                 .clock = base::now,
                                 .write = [](const std::string& text) { std::cerr << text << std::flush; }});
    const auto result = campaign::carry_out({.definition = definition,
                                             .campaign = campaign,
                                             .plan = plan,
                                             .host = host,
                                             .interrupts = interrupts,
                                             .progress = progress,
                                             .services = *services,
                                             .runner_of = runner_of,
                                             .keep = [&](const model::RunRecord& run) { return keeper.put(run); }},
                                            runs);
    progress.clear();
    if (!result.ok() && keeper.is_lost()) return lost(result.error(), runs.size(), plan.size());
    if (!result.ok()) return cut_off(result.error());
    if (result->ending == campaign::Ending::Hopeless)
      return Error{.attempt = result->reason + "; --output=inherit shows what it says"};
    if (result->ending == campaign::Ending::Interrupted) return cut_off({});
    for (const std::string& line : services->usage()) say(line);
    const auto looks = keeper.finish(campaign.id, base::now() + base::wall_offset());
    if (!looks.ok() && keeper.is_lost()) return lost(looks.error(), runs.size(), plan.size());
    if (!looks.ok()) return looks.error();
    if (!flags_.against.empty()) tell_of_stored(keeper, definition.experiment, campaign.id);
    return judge(definition, std::max<uint64_t>(1, *looks), runs);
  }

  /// What the daemon committed is kept; the run that it did not answer for is made again, unless it has it.
  static int lost(const Error& error, size_t done, size_t planned) {
    say(fmt::format(
        "interrupted: {}; {} of {} runs are done and kept in its ledger; once it runs again the same command "
        "with --resume goes on",
        error.message(), done, planned));
    return kExitInterrupted;
  }

  /// What the baselines took in the campaign before: another day's figures, for the eye alone.
  static void tell_of_stored(Keeper& keeper, const model::Experiment& experiment, const std::string& id) {
    const auto campaigns = keeper.campaigns();
    if (!campaigns.ok()) return;
    const auto before = std::find_if(campaigns->rbegin(), campaigns->rend(), [&](const model::Campaign& it) {
      return it.experiment == experiment.name && it.finished_at && it.id != id;
    });
    if (before == campaigns->rend()) return;
    const auto runs = keeper.runs(before->id);
    if (!runs.ok()) return;
    for (const std::string& line : stored_medians(*before, *runs, experiment)) say(line);
  }

  Result<int> judge(const campaign::Definition& definition, uint64_t look,
                    const std::vector<model::RunRecord>& runs) const {
    std::vector<report::Evidence> cells;
    for (const model::Experiment& experiment : analysis::experiments_of(definition.experiment, definition.cells)) {
      auto set = analysis::compare(experiment, runs, {.look = look});
      if (!set.ok()) return Error{set.error().code, experiment.name + ": " + set.error().attempt};
      cells.push_back(evidence_of(*std::move(set), runs));
    }
    std::cout << formatted(cells, format_);
    if (!plots_.empty())
      if (const auto written = write_plots(cells, plots_); !written.ok()) return written.error();
    if (!export_json_.empty())
      if (const auto written = write_text(export_json_, formatted(cells, "json")); !written.ok())
        return written.error();
    return exit_code_of(cells, fail_on_);
  }

  const BenchFlags& flags_;
  const std::string& format_;
  const std::vector<std::string>& fail_on_;
  const std::string plots_;  ///< wherever the campaign runs
  const std::string export_json_;
};

}  // namespace

void add_bench(CLI::App& app, int& exit_code) {
  const auto flags = std::make_shared<BenchFlags>();
  CLI::App* command = app.add_subcommand("bench", "Run variants in random blocks, and say which one is faster");
  add_bench_flags(*command, *flags);
  const auto fail_on = add_fail_on(*command);
  const auto format = add_format(*command, verdict_formats());
  const auto plots = add_plots(*command);
  command->footer(
      "Each run has a fresh cgroup, and lasts until nothing is left in it.\n"
      "Exit codes: 0 = there are verdicts, 1 = one that --fail-on names, 2 = usage, bad input or no verdict at all,\n"
      "130 = interrupted, results so far are kept.\n"
      "Examples:\n"
      "  benchd bench init; benchd bench campaign.yml     # the file says more than flags can\n"
      "  benchd bench --runs 100 'python3 app.py' 'pypy3 app.py'\n"
      "  benchd bench -n old -n new './old < in' './new < in' --control --threshold=1%\n"
      "  benchd bench --against=main -p 'make -s' ./app --fail-on=slower     # in CI: this tree beside that of main\n"
      "  benchd bench -p 'sync; echo 3 > /proc/sys/vm/drop_caches' 'grep -r x .' 'rg x .' --timeout=1m");
  const auto init = std::make_shared<bool>(false);
  add_init(*command, exit_code, *init);
  command->callback([command, flags, format, plots, fail_on, init, &exit_code] {
    if (*init) return;
    if (const auto beside = check_beside_file(*command, *flags); !beside.ok()) {
      exit_code = complain(beside.error());
      return;
    }
    const auto done = Bench(*flags, *format, *plots, *fail_on).run();
    exit_code = done.ok() ? *done : complain(done.error());
  });
}

}  // namespace benchd::daemon
