#include "exporters/report/runs.h"

#include <cstdio>
#include <ctime>
#include <fstream>
#include <iostream>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/text.h"
#include "collectors/results/records.h"
#include "daemon/commands/commands.h"
#include "daemon/commands/format_flag.h"
#include "daemon/ledger/ledger.h"
#include "daemon/ledger/places.h"
#include "exporters/report/words.h"
#include "model/run_fields.h"

namespace benchd::daemon {
namespace {

using base::Done;
using base::Error;
using base::Result;
using ledger::Ledger;
using ledger::LedgerView;
using ledger::RunFilter;
using model::RunRecord;

/// Runs that an import commits together; a million of them would need a log as long.
constexpr uint64_t kImportAtOnce = 10'000;

/// As typed; empty: not given.
struct Flags {
  std::string ledger;
  std::string experiment;
  std::string campaign;
  std::string variant;
};

std::optional<std::string> given(const std::string& flag) {
  return flag.empty() ? std::nullopt : std::optional(flag);
}

RunFilter filter_of(const Flags& flags) {
  RunFilter filter;
  filter.experiment = given(flags.experiment);
  filter.campaign = flags.campaign == "none" ? std::optional<std::string>("") : given(flags.campaign);
  filter.variant = given(flags.variant);
  return filter;
}

std::string printable(const std::string& text) {
  return report::printable(text);
}

int complain(const Error& error, int exit_code = kExitUsage) {
  std::cerr << "benchd runs: " << printable(error.message()) << '\n';
  return exit_code;
}

Result<std::string> ledger_path(const Flags& flags) {
  if (!flags.ledger.empty()) return flags.ledger;
  const auto found = ledger::readable_ledgers();
  if (!found.empty()) return found.front();
  return Error{.attempt = std::string("there is no ledger that this user may read, neither ") + ledger::kSystemLedger +
                          " nor one of the user's own: name one with --ledger"};
}

Result<LedgerView> open_view(const Flags& flags) {
  const Result<std::string> path = ledger_path(flags);
  if (!path.ok()) return path.error();
  return LedgerView::open(*path);
}

std::string time_text(int64_t unix_ns) {
  const std::time_t seconds = unix_ns / base::kSecond;
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  char text[32];
  const size_t length = std::strftime(text, sizeof text, "%F %T", &parts);
  return {text, length};
}

std::string amount(model::Measure measure, double value) {
  return report::ValueFormat(measure, value)(value);
}

std::string outcome_of(const RunRecord& run) {
  std::string text = run.failure.empty() ? "ok" : "failed: " + run.failure;
  if (!run.exclusion.empty()) text += "; excluded: " + run.exclusion;
  if (run.warm_up) text += "; warm-up";
  if (run.control) text += "; control";
  return printable(text);
}

std::string tasks_of(const RunRecord& run) {
  uint64_t tasks = 0;
  for (const model::RunTasks& it : run.tasks) tasks += it.tasks;
  return run.tasks.empty() ? "–" : std::to_string(tasks);
}

constexpr const char* kRow = "{:<19}  {:<20}  {:<16}  {:>5}  {:>10}  {:>10}  {:>10}  {:>7}  {:<12}  {}\n";

void print_head() {
  fmt::print(kRow, "STARTED", "EXPERIMENT", "VARIANT", "BLOCK", "DURATION", "CPU", "PEAK MEM", "TASKS", "OUTCOME",
             "RUN");
}

void print_row(const RunRecord& run) {
  const std::string peak =
      run.memory_peak_bytes ? amount(model::Measure::MemoryPeak, static_cast<double>(*run.memory_peak_bytes)) : "–";
  fmt::print(kRow, time_text(run.started_at), printable(run.experiment), printable(run.variant),
             run.block ? std::to_string(*run.block) : "–",
             amount(model::Measure::Duration, static_cast<double>(run.duration_ns) * 1e-9),
             amount(model::Measure::CpuSeconds, static_cast<double>(run.cpu_usec) * 1e-6), peak, tasks_of(run),
             outcome_of(run), printable(run.id));
}

int list(const Flags& flags, const std::string& format) {
  Result<LedgerView> view = open_view(flags);
  if (!view.ok()) return complain(view.error());
  if (format == "json") std::cout << '[';
  if (format == "csv") std::cout << report::run_csv_head();
  if (format == "text") print_head();
  const char* separator = "\n";
  const auto done = view->runs().each_run(filter_of(flags), [&](const RunRecord& run) -> Result<Done> {
    if (format == "json") std::cout << std::exchange(separator, ",\n") << report::run_json(run);
    if (format == "csv") std::cout << report::run_csv(run);
    if (format == "text") print_row(run);
    return Done{};
  });
  if (format == "json") std::cout << "\n]\n";
  return done.ok() ? kExitOk : complain(done.error());
}

template <class T>
void print_line(const std::string& name, const T& value) {
  fmt::print("{:<24} {}\n", name, value);
}

/// A line for each member that is known.
struct PrintMember {
  template <class T>
  void operator()(const char* name, const T& value) const {
    print_line(name, value);
  }
  template <class T>
  void operator()(const char* name, const std::optional<T>& value) const {
    if (value) print_line(name, *value);
  }
  void operator()(const char* name, const std::string& value) const {
    if (!value.empty()) print_line(name, printable(value));
  }
  void operator()(const char* name, const std::vector<std::string>& words) const {
    if (!words.empty()) print_line(name, printable(fmt::format("{}", fmt::join(words, ", "))));
  }
  void operator()(const char* name, const std::vector<std::pair<uint32_t, uint64_t>>& pairs) const {
    for (const auto& [key, value] : pairs) print_line(fmt::format("{}[{}]", name, key), value);
  }
  void operator()(const char* name, const std::vector<model::RunPoint>& course) const {
    if (!course.empty()) print_line(name, fmt::format("{} readings", course.size()));
  }
  void operator()(const char* name, const std::vector<model::ServiceUse>& services) const {
    for (const model::ServiceUse& it : services) {
      const std::string service = printable(it.service);
      if (it.cpu_usec) print_line(fmt::format("{}[{}].cpu_usec", name, service), *it.cpu_usec);
      if (it.memory_peak_bytes)
        print_line(fmt::format("{}[{}].memory_peak_bytes", name, service), *it.memory_peak_bytes);
    }
  }
  void operator()(const char* name, const std::optional<model::ThreadTimes>& threads) const {
    if (!threads) return;
    print_line(fmt::format("{}.on_cpu_ns", name), threads->on_cpu);
    print_line(fmt::format("{}.runnable_ns", name), threads->runnable);
    print_line(fmt::format("{}.blocked_ns", name), threads->blocked);
  }
  void operator()(const char* name, const std::vector<model::RunTasks>& tasks) const {
    for (const model::RunTasks& it : tasks) {
      std::string value = std::to_string(it.tasks);
      if (it.timed > 0) {
        const double mean = static_cast<double>(it.duration_ns) / 1e9 / static_cast<double>(it.timed);
        value += ", mean " + amount(model::Measure::TaskTime, mean);
      }
      print_line(fmt::format("{}.{}.{}", name, printable(it.key.task), printable(it.key.outcome)), value);
    }
  }
};

int show(const Flags& flags, const std::string& id, const std::string& format) {
  Result<LedgerView> view = open_view(flags);
  if (!view.ok()) return complain(view.error());
  RunFilter filter;
  filter.id = id;
  const auto runs = view->runs().runs(filter);
  if (!runs.ok()) return complain(runs.error());
  if (runs->empty()) return complain({.attempt = "there is no run " + id});
  if (format == "json")
    std::cout << report::run_json(runs->front()) << '\n';
  else
    model::for_each_field(PrintMember{}, runs->front());
  return kExitOk;
}

Result<Done> export_to(std::ostream& out, LedgerView& view, const Flags& flags, const std::string& format) {
  const RunFilter filter = filter_of(flags);
  if (format == "prometheus") {
    const auto runs = view.runs().runs(filter);
    if (!runs.ok()) return runs.error();
    out << report::runs_textfile(*runs);
    return Done{};
  }
  if (format == "csv") out << report::run_csv_head();
  if (format == "json") {
    const auto campaigns = view.runs().campaigns(filter.experiment);
    if (!campaigns.ok()) return campaigns.error();
    for (const model::Campaign& campaign : *campaigns)
      if (!filter.campaign || *filter.campaign == campaign.id) out << report::campaign_line(campaign);
  }
  return view.runs().each_run(filter, [&](const RunRecord& run) -> Result<Done> {
    out << (format == "csv" ? report::run_csv(run) : report::run_line(run));
    if (!out) return base::errno_error("write");
    return Done{};
  });
}

int do_export(const Flags& flags, const std::string& output, const std::string& format) {
  Result<LedgerView> view = open_view(flags);
  if (!view.ok()) return complain(view.error());
  if (output.empty()) {
    const auto done = export_to(std::cout, *view, flags, format);
    return done.ok() ? kExitOk : complain(done.error());
  }
  // The textfile collector may read at any moment: it must never see half a file.
  const std::string unfinished = output + ".unfinished";
  std::ofstream file(unfinished, std::ios::trunc);
  if (!file) return complain(base::errno_error("open " + unfinished));
  const auto done = export_to(file, *view, flags, format);
  file.close();
  if (!done.ok()) return complain(done.error(), kExitFailure);
  if (!file) return complain(base::errno_error("write " + unfinished), kExitFailure);
  if (std::rename(unfinished.c_str(), output.c_str()) != 0)
    return complain(base::errno_error("rename " + unfinished), kExitFailure);
  return kExitOk;
}

struct Imported {
  uint64_t runs = 0;
  uint64_t known = 0;
  uint64_t campaigns = 0;
};

/// First a look at all of it, so that a mistake in the last line leaves nothing behind.
Result<Done> check_file(const std::string& path) {
  std::ifstream in(path);
  if (!in) return base::errno_error("open " + path);
  return results::read_records(in, path,
                               {.campaign = [](const model::Campaign&) -> Result<Done> { return Done{}; },
                                .run = [](const RunRecord&) -> Result<Done> { return Done{}; }});
}

Result<Done> import_file(Ledger& ledger, const std::string& path, Imported& imported) {
  std::ifstream in(path);
  if (!in) return base::errno_error("open " + path);
  std::vector<RunRecord> waiting;
  std::optional<Error> refused;  // about a run that stands some lines further up
  const auto put_all = [&]() -> Result<Done> {
    auto done = ledger.change_runs([&](ledger::RunTables& tables) -> Result<Done> {
      for (const RunRecord& run : waiting) {
        const auto put = tables.put(run);
        if (!put.ok()) return put.error();
        ++(*put ? imported.runs : imported.known);
      }
      waiting.clear();
      return Done{};
    });
    if (!done.ok()) refused = done.error();
    return done;
  };
  const results::RecordSink sink{.campaign = [&](const model::Campaign& campaign) -> Result<Done> {
                                   const auto put = ledger.put(campaign);
                                   if (!put.ok()) return put.error();
                                   imported.campaigns += *put ? 1 : 0;
                                   return Done{};
                                 },
                                 .run = [&](RunRecord run) -> Result<Done> {
                                   waiting.push_back(std::move(run));
                                   return waiting.size() < kImportAtOnce ? Done{} : put_all();
                                 }};
  auto done = results::read_records(in, path, sink);
  if (done.ok()) done = put_all();
  if (refused) return *refused;
  return done;
}

Result<Ledger> open_to_write(const Flags& flags) {
  Result<std::string> path = flags.ledger;
  if (flags.ledger.empty()) {
    const auto found = ledger::readable_ledgers();
    path = found.empty() ? ledger::own_ledger() : found.front();
  }
  if (!path.ok()) return path.error();
  Result<Ledger> ledger = Ledger::open(*path);
  if (ledger.ok()) return ledger;
  return Error{.code = ledger.error().code,
               .attempt = ledger.error().attempt + " (name another ledger with --ledger, or end what writes to it)"};
}

int import(const Flags& flags, const std::vector<std::string>& files) {
  for (const std::string& path : files)
    if (const auto checked = check_file(path); !checked.ok()) return complain(checked.error());
  Result<Ledger> ledger = open_to_write(flags);
  if (!ledger.ok()) return complain(ledger.error());
  Imported imported;
  for (const std::string& path : files)
    if (const auto done = import_file(*ledger, path, imported); !done.ok()) return complain(done.error(), kExitFailure);
  fmt::print("{} runs and {} campaigns imported, {} runs were there\n", imported.runs, imported.campaigns,
             imported.known);
  return kExitOk;
}

/// "30d", "12h": nanoseconds.
std::optional<int64_t> parse_age(std::string_view text) {
  if (text.empty()) return std::nullopt;
  int64_t unit = 0;
  switch (text.back()) {
    case 's':
      unit = 1;
      break;
    case 'm':
      unit = 60;
      break;
    case 'h':
      unit = 3'600;
      break;
    case 'd':
      unit = 86'400;
      break;
    default:
      return std::nullopt;
  }
  const auto count = base::parse_integer<int64_t>(text.substr(0, text.size() - 1));
  if (!count || *count < 0 || *count > 100'000'000) return std::nullopt;
  return *count * unit * base::kSecond;
}

int prune(const Flags& flags, const std::string& older_than) {
  RunFilter filter = filter_of(flags);
  if (!older_than.empty()) {
    const auto age = parse_age(older_than);
    if (!age)
      return complain(
          {.attempt = "--older-than: found \"" + older_than + "\", expected a number with s, m, h or d: 30d"});
    filter.started_before = base::now() + base::wall_offset() - *age;
  }
  if (filter.empty())
    return complain({.attempt = "nothing says which runs are to go: give --older-than, --experiment, --campaign or "
                                "--variant (all that is given must hold)"});
  Result<Ledger> ledger = open_to_write(flags);
  if (!ledger.ok()) return complain(ledger.error());
  const auto removed = ledger->remove(filter);
  if (!removed.ok()) return complain(removed.error(), kExitFailure);
  fmt::print("{} runs removed\n", *removed);
  return kExitOk;
}

void add_ledger(CLI::App& command, Flags& flags) {
  command.add_option("--ledger", flags.ledger,
                     std::string("the file [") + ledger::kSystemLedger + ", else the user's own]");
}

void add_filters(CLI::App& command, Flags& flags) {
  add_ledger(command, flags);
  command.add_option("--experiment", flags.experiment, "only its runs");
  command.add_option("--campaign", flags.campaign, "only its runs; \"none\": those that the daemon saw outside of any");
  command.add_option("--variant", flags.variant, "only its runs");
}

void add_list(CLI::App& parent, int& exit_code) {
  CLI::App* command = parent.add_subcommand("list", "List runs in the order of their starts");
  const auto flags = std::make_shared<Flags>();
  add_filters(*command, *flags);
  const auto format = add_format(*command, {"text", "json", "csv"});
  command->footer(
      "Examples:\n"
      "  benchd runs list --experiment=python-builds\n"
      "  benchd runs list --format=json | jq '.[] | select(.failure != \"\")'");
  command->callback([flags, format, &exit_code] { exit_code = list(*flags, *format); });
}

void add_show(CLI::App& parent, int& exit_code) {
  CLI::App* command = parent.add_subcommand("show", "Print all that is known of one run");
  const auto flags = std::make_shared<Flags>();
  const auto id = std::make_shared<std::string>();
  command->add_option("RUN", *id, "its id, as `runs list` prints it")->required();
  add_ledger(*command, *flags);
  const auto format = add_format(*command, {"text", "json"});
  command->footer("Example:\n  benchd runs show 20260102T030405-1a2b3c/7/2 --format=json");
  command->callback([flags, id, format, &exit_code] { exit_code = show(*flags, *id, *format); });
}

void add_export(CLI::App& parent, int& exit_code) {
  CLI::App* command = parent.add_subcommand("export", "Write runs for other programs, or for another ledger");
  const auto flags = std::make_shared<Flags>();
  const auto output = std::make_shared<std::string>();
  add_filters(*command, *flags);
  command->add_option("--output", *output, "a file, replaced in one go [standard output]");
  const auto format = add_format(*command, {"json", "csv", "prometheus"});
  command->footer(
      "json: JSON Lines, {\"campaign\": …} then {\"run\": …}; all that the ledger holds. csv: runs without campaigns.\n"
      "prometheus: gauges for node_exporter's textfile collector. See docs/runs.md.\n"
      "Examples:\n"
      "  benchd runs export --experiment=python-builds > runs.json\n"
      "  benchd runs export --format=prometheus --output=/var/lib/node_exporter/benchd.prom");
  command->callback([flags, output, format, &exit_code] { exit_code = do_export(*flags, *output, *format); });
}

void add_import(CLI::App& parent, int& exit_code) {
  CLI::App* command = parent.add_subcommand("import", "Take over what `runs export` wrote, each run once by its id");
  const auto flags = std::make_shared<Flags>();
  const auto files = std::make_shared<std::vector<std::string>>();
  command->add_option("FILE", *files, "JSON Lines or CSV")->required()->check(CLI::ExistingFile);
  add_ledger(*command, *flags);
  command->footer("Example:\n  benchd runs import runs.json --ledger=elsewhere.db");
  command->callback([flags, files, &exit_code] { exit_code = import(*flags, *files); });
}

void add_prune(CLI::App& parent, int& exit_code) {
  CLI::App* command = parent.add_subcommand("prune", "Remove runs, and campaigns that have none left");
  const auto flags = std::make_shared<Flags>();
  const auto older_than = std::make_shared<std::string>();
  add_filters(*command, *flags);
  command->add_option("--older-than", *older_than, "only those that began longer ago: 30d, 12h");
  command->footer("Example:\n  benchd runs prune --older-than=90d");
  command->callback([flags, older_than, &exit_code] { exit_code = prune(*flags, *older_than); });
}

}  // namespace

void add_runs(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("runs", "List, show, export, import and prune the ledger's runs");
  command->require_subcommand(0, 1);
  command->footer(
      "Without a subcommand: all of them, listed.\n"
      "Examples:\n"
      "  benchd runs\n"
      "  benchd runs list --experiment=python-builds --ledger=elsewhere.db\n"
      "  benchd runs COMMAND --help    # its flags and examples");
  command->callback([command, &exit_code] {
    if (command->get_subcommands().empty()) exit_code = list({}, "text");
  });
  add_list(*command, exit_code);
  add_show(*command, exit_code);
  add_export(*command, exit_code);
  add_import(*command, exit_code);
  add_prune(*command, exit_code);
}

}  // namespace benchd::daemon
