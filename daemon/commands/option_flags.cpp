#include "daemon/commands/option_flags.h"

#include <algorithm>
#include <cerrno>
#include <functional>

#include "daemon/config_file.h"

namespace benchd::daemon {

using base::Result;

namespace {

/// Takes one value each time the flag is named. Also where it may be named only once: load() says so in our words.
void take_all(CLI::Option& option, const std::string& example, const std::string& initial, bool repeatable) {
  option.default_str(initial);  // for --help only
  option.type_name(example)->type_size(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  option.expected(1, repeatable ? CLI::detail::expected_max_vector_size : 1)->allow_extra_args(false);
}

/// `take` gets a value for each time the flag is named: "true", or the text after '='. CLI11's own flags would take
/// that for a number.
void add_switch(CLI::App& command, const std::string& flag, const std::string& help,
                std::function<void(std::vector<std::string>)> take) {
  const auto callback = [take = std::move(take)](const CLI::results_t& values) {
    take(values);
    return true;
  };
  command.add_option(flag, callback, help)->expected(0)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

std::string opposite(const std::string& value) {
  if (value == "true") return "false";
  return value == "false" ? "true" : value;
}

}  // namespace

struct OptionFlags::Given {
  std::vector<std::string> config_files;
  std::vector<Setting> settings;

  void add(const std::string& name, std::vector<std::string> values) {
    const auto same = [&](const Setting& setting) { return setting.name == name; };
    const auto found = std::find_if(settings.begin(), settings.end(), same);
    if (found == settings.end())
      settings.push_back({.name = name, .values = std::move(values), .origin = "command line"});
    else
      found->values.insert(found->values.end(), values.begin(), values.end());
  }
};

OptionFlags::OptionFlags(CLI::App& command) : given_(std::make_shared<Given>()) {
  const auto given = given_;
  take_all(
      *command.add_option("--config.file", given->config_files, "YAML file with the same names, nested at the dots"),
      "PATH", Options().config_file, false);
  for (const OptionSpec& spec : option_specs()) {
    const std::string name(spec.name);
    const std::string flag = "--" + name;
    if (is_switch(spec)) {
      add_switch(command, flag, std::string(spec.help), [given, name](auto values) { given->add(name, values); });
      add_switch(command, "--no-" + name, "not " + std::string(spec.help), [given, name](auto values) {
        for (std::string& value : values) value = opposite(value);
        given->add(name, values);
      });
      continue;
    }
    const auto add = [given, name](std::vector<std::string> values) { given->add(name, std::move(values)); };
    take_all(*command.add_option_function<std::vector<std::string>>(flag, add, std::string(spec.help)),
             std::string(spec.example), std::string(spec.initial), spec.repeatable);
  }
}

Result<Options> OptionFlags::load() const {
  Options options;
  const bool asked_for = !given_->config_files.empty();
  if (given_->config_files.size() > 1) {
    return base::Error{.attempt = "command line: config.file: found \"" + given_->config_files[0] + "\", \"" +
                                  given_->config_files[1] + "\", allowed is one value"};
  }
  if (asked_for) options.config_file = given_->config_files[0];
  const auto file = load_config(options.config_file);
  if (file.ok()) {
    if (const auto applied = apply_config(*file, options); !applied.ok()) return applied.error();
  } else if (asked_for || file.error().code != ENOENT) {
    return file.error();
  }
  if (const auto applied = apply_settings(given_->settings, options); !applied.ok()) return applied.error();
  return options;
}

}  // namespace benchd::daemon
