#include <iomanip>
#include <iostream>

#include <fcntl.h>
#include <nlohmann/json.hpp>

#include "base/fd.h"
#include "base/file.h"
#include "collectors/tasks/rules/presets.h"
#include "collectors/tasks/rules/rule_file.h"
#include "collectors/tasks/rules/rule_set.h"
#include "collectors/tasks/rules/suggest.h"
#include "daemon/commands/commands.h"
#include "daemon/commands/format_flag.h"
#include "daemon/commands/option_flags.h"
#include "daemon/container_log.h"
#include "daemon/make_door.h"
#include "daemon/rule_trial.h"

namespace benchd::daemon {
namespace {

using base::Error;
using base::Result;

/// What the command line of `rules test` says.
struct TestFlags {
  std::string file;
  std::vector<std::string> patterns;
  bool regex = false;
  std::vector<std::string> presets;
  std::string config_file;
  std::string decode;
};

/// The file, or standard input for "-".
Result<base::Fd> open_log(const std::string& file) {
  if (file != "-") return base::open_file(AT_FDCWD, file.c_str());
  const int fd = ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
  if (fd < 0) return base::errno_error("read standard input");
  return base::Fd(fd);
}

Wrapping wrapping_named(const std::string& name) {
  if (name == "plain") return Wrapping::None;
  if (name == "json-file") return Wrapping::JsonFile;
  return name == "cri" ? Wrapping::Cri : Wrapping::Found;
}

CLI::Option* add_decode(CLI::App& command, std::string& decode) {
  return command.add_option("--decode", decode, "what an engine put around the lines: auto, plain, json-file or cri")
      ->check(CLI::IsMember({"auto", "plain", "json-file", "cri"}))
      ->default_str("auto");
}

Result<std::vector<rules::Rule>> rules_of(const TestFlags& flags) {
  std::vector<rules::Rule> rules;
  const auto form = flags.regex ? rules::Pattern::Form::Regex : rules::Pattern::Form::Template;
  for (const std::string& pattern : flags.patterns) rules.push_back(rules::rule_of_pattern(form, pattern, "--rule"));
  for (const std::string& preset : flags.presets) {
    const rules::Rule* rule = rules::preset_named(preset);
    if (rule == nullptr) {
      return Error{.attempt = "--use: found \"" + preset + "\", allowed is one of " + rules::preset_names()};
    }
    rules.push_back(*rule);
  }
  if (!flags.config_file.empty()) {
    const auto text = base::read_text(flags.config_file);
    if (!text.ok()) return text.error();
    auto parsed = rules::parse_rules(*text, flags.config_file);
    if (!parsed.ok()) return parsed.error();
    rules.insert(rules.end(), parsed->begin(), parsed->end());
  }
  if (rules.empty()) return Error{.attempt = "nothing to test: give --rule, --use, or --config.file with tasks"};
  return rules;
}

double seconds_of(uint64_t nanoseconds) {
  return static_cast<double>(nanoseconds) / 1e9;
}

void print_json(const Trial& trial) {
  nlohmann::ordered_json tasks = nlohmann::json::array();
  for (const model::TaskFigures& it : trial.tasks) {
    nlohmann::ordered_json task = {
        {"task", it.key.task}, {"outcome", it.key.outcome}, {"count", it.totals.tasks}, {"timed", it.totals.timed}};
    // No duration is not a duration of 0.
    task["duration_sum_seconds"] = nullptr;
    if (it.totals.timed > 0) task["duration_sum_seconds"] = seconds_of(it.totals.duration_ns);
    tasks.push_back(std::move(task));
  }
  const nlohmann::ordered_json json = {
      {"lines", trial.lines},
      {"matched", trial.counts.matched},
      {"unmatched", trial.counts.unmatched},
      {"malformed", trial.counts.malformed},
      {"truncated", trial.counts.truncated},
      {"unpaired", trial.counts.unpaired},
      {"overflowed", trial.counts.overflowed},
      {"bytes", trial.counts.bytes},
      {"lines_per_second", trial.seconds > 0 ? static_cast<double>(trial.lines) / trial.seconds : 0.0},
      {"tasks", std::move(tasks)}};
  std::cout << json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
}

void print_samples(const char* title, const std::vector<std::string>& samples) {
  if (samples.empty()) return;
  std::cout << title << '\n';
  for (const std::string& sample : samples) std::cout << "  " << sample << '\n';
}

void print_text(const Trial& trial) {
  std::cout << trial.lines << " lines: " << trial.counts.matched << " matched, " << trial.counts.unmatched
            << " unmatched, " << trial.counts.malformed << " malformed";
  if (trial.counts.unpaired > 0) std::cout << "; " << trial.counts.unpaired << " starts or ends without the other";
  if (trial.counts.overflowed > 0) std::cout << "; " << trial.counts.overflowed << " tasks under \"other\"";
  std::cout << '\n';
  if (!trial.tasks.empty()) {
    std::cout << std::left << std::setw(32) << "TASK" << std::setw(16) << "OUTCOME" << std::right << std::setw(12)
              << "COUNT" << std::setw(16) << "MEAN" << std::setw(16) << "SUM" << '\n';
  }
  for (const model::TaskFigures& it : trial.tasks) {
    std::cout << std::left << std::setw(32) << it.key.task << std::setw(16) << it.key.outcome << std::right
              << std::setw(12) << it.totals.tasks;
    if (it.totals.timed > 0) {
      const double sum = seconds_of(it.totals.duration_ns);
      std::cout << std::setw(14) << sum / static_cast<double>(it.totals.timed) << " s" << std::setw(14) << sum << " s";
    } else {
      std::cout << std::setw(16) << "–" << std::setw(18) << "–";
    }
    std::cout << '\n';
  }
  print_samples("Unmatched, the first ones:", trial.unmatched);
  print_samples("Malformed, the first ones:", trial.malformed);
}

int test(const TestFlags& flags, const std::string& format) {
  const auto rules = rules_of(flags);
  auto compiled = rules.ok() ? rules::RuleSet::compile(*rules, {.timezone = "local"}) : rules.error();
  if (!compiled.ok()) {
    std::cerr << compiled.error().message() << '\n';
    return kExitUsage;
  }
  const auto fd = open_log(flags.file);
  const auto trial = fd.ok() ? try_rules(fd->get(), wrapping_named(flags.decode), *compiled) : fd.error();
  if (!trial.ok()) {
    std::cerr << trial.error().message() << '\n';
    return kExitFailure;
  }
  if (format == "json")
    print_json(*trial);
  else
    print_text(*trial);
  return kExitOk;
}

/// Gives the lines of a file, or, where none has that name, the last ones of a container.
Result<base::Done> read_any(const std::string& name, const std::string& decode, const Options& options,
                            const std::function<void(const model::LogLine&)>& take) {
  const auto fd = open_log(name);
  if (fd.ok()) {
    uint64_t malformed = 0;
    const auto bytes = read_lines(fd->get(), wrapping_named(decode), take, malformed);
    if (!bytes.ok()) return bytes.error();
    return base::Done{};
  }
  if (fd.error().code != ENOENT || name.find('/') != std::string::npos) return fd.error();
  auto done = read_container_log(*make_door(options), name, rules::Suggester::kMostLines, take);
  if (done.ok()) return done;
  return Error{.attempt = "\"" + name + "\" is no file; " + done.error().attempt};
}

int suggest(const std::string& name, const std::string& decode, const std::string& format, const Options& options) {
  rules::Suggester suggester;
  uint64_t lines = 0;
  const auto done = read_any(name, decode, options, [&](const model::LogLine& line) {
    ++lines;
    suggester.take(line.text);
  });
  if (!done.ok()) {
    std::cerr << done.error().message() << '\n';
    return kExitFailure;
  }
  const auto suggestions = suggester.suggestions();
  if (format == "json") {
    nlohmann::ordered_json all = nlohmann::json::array();
    for (const rules::Suggestion& it : suggestions) {
      all.push_back(
          {{"rule", it.yaml}, {"note", it.note}, {"lines", it.lines}, {"timed", it.timed}, {"examples", it.examples}});
    }
    const nlohmann::ordered_json json = {
        {"lines", lines}, {"sampled", suggester.sampled()}, {"suggestions", std::move(all)}};
    std::cout << json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
    return kExitOk;
  }
  if (suggestions.empty()) std::cout << "# No lines that recur look like the end of a task.\n";
  for (const rules::Suggestion& it : suggestions) {
    std::cout << "# " << it.lines << " of the first " << suggester.sampled() << " lines, like\n";
    for (const std::string& example : it.examples) std::cout << "#   " << example << '\n';
    if (!it.note.empty()) std::cout << "# " << it.note << '\n';
    std::cout << it.yaml << "\n\n";
  }
  return kExitOk;
}

void list(const std::string& format) {
  nlohmann::ordered_json all = nlohmann::json::array();
  for (const rules::Preset& preset : rules::presets()) {
    all.push_back({{"name", preset.rule.name},
                   {"summary", preset.summary},
                   {"examples", preset.rule.examples},
                   {"rule", preset.yaml}});
    if (format == "text") std::cout << std::left << std::setw(16) << preset.rule.name << preset.summary << '\n';
    if (format == "yaml") std::cout << "# " << preset.summary << '\n' << preset.yaml << '\n';
  }
  if (format == "json") std::cout << all.dump(2) << '\n';
}

void add_test(CLI::App& parent, int& exit_code) {
  CLI::App* command = parent.add_subcommand("test", "Say what rules make of a log");
  const auto flags = std::make_shared<TestFlags>();
  command->add_option("FILE", flags->file, "the log, or - for standard input")->required();
  // allow_extra_args: else CLI11 takes "[{pid}] done]" for a list of its own.
  const auto several = [&](const char* name, std::vector<std::string>& values, const char* help) {
    command->add_option(name, values, help)
        ->type_size(1)
        ->expected(1)
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  };
  several("--rule", flags->patterns, "a template, 'task {id} done in {duration:ms}'; may be repeated");
  command->add_flag("--regex", flags->regex, "what --rule says are regexes");
  several("--use", flags->presets, "a preset; may be repeated");
  command->add_option("--config.file", flags->config_file,
                      "all rules of a YAML file, whatever containers they are for");
  add_decode(*command, flags->decode);
  const auto format = add_format(*command, {"text", "json"});
  command->footer(
      "Examples:\n"
      "  benchd rules test app.log --rule 'task {id} done in {duration:ms}'\n"
      "  docker logs app 2>&1 | benchd rules test - --rule 'took (?P<ms>[\\d.]+) ms' --regex\n"
      "  benchd rules test access.log --use nginx --format=json\n"
      "  benchd rules test app.log --config.file=/etc/benchd/benchd.yml");
  command->callback([flags, format, &exit_code] { exit_code = test(*flags, *format); });
}

void add_suggest(CLI::App& parent, int& exit_code) {
  CLI::App* command =
      parent.add_subcommand("suggest", "Propose rules for the lines of a log that look like tasks' ends");
  const auto name = std::make_shared<std::string>();
  const auto decode = std::make_shared<std::string>();
  command->add_option("CONTAINER-or-FILE", *name, "the log, a container of Docker or podman, or - for standard input")
      ->required();
  add_decode(*command, *decode);
  const auto flags = std::make_shared<OptionFlags>(*command);
  const auto format = add_format(*command, {"text", "json"});
  command->footer(
      "Of a container its engine hands out the last 20,000 lines.\n"
      "Examples:\n"
      "  benchd rules suggest app               # rules for a container, with lines that they match\n"
      "  benchd rules suggest app.log\n"
      "  podman logs app 2>&1 | benchd rules suggest -");
  command->callback([=, &exit_code] {
    const auto options = flags->load();
    if (options.ok()) {
      exit_code = suggest(*name, *decode, *format, *options);
    } else {
      std::cerr << options.error().message() << '\n';
      exit_code = kExitUsage;
    }
  });
}

void add_list(CLI::App& parent, int& exit_code) {
  CLI::App* command = parent.add_subcommand("list", "Print the presets that `use:` knows");
  const auto format = add_format(*command, {"text", "json", "yaml"});
  command->footer("Examples:\n  benchd rules list\n  benchd rules list --format=yaml   # as rules to start from");
  command->callback([format, &exit_code] {
    list(*format);
    exit_code = kExitOk;
  });
}

}  // namespace

void add_rules(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("rules", "Try rules that find tasks in logs; see docs/rules.md");
  command->require_subcommand(1);
  command->footer(
      "Examples:\n"
      "  benchd rules suggest app.log\n"
      "  benchd rules test app.log --rule 'task {id} done in {duration:ms}'\n"
      "  benchd rules COMMAND --help    # its flags and examples");
  add_test(*command, exit_code);
  add_suggest(*command, exit_code);
  add_list(*command, exit_code);
}

}  // namespace benchd::daemon
