#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "collectors/tasks/rules/rule.h"
#include "daemon/options.h"

namespace benchd::daemon {

/// What a YAML file says.
struct Config {
  std::vector<Setting> settings;
  std::vector<rules::Rule> tasks;  ///< of its key `tasks`
};

/// Maps are joined at dots (`log: {level: debug}` is log.level), a scalar is one value, a sequence of scalars several;
/// `tasks` is as rules::parse_rules says. `name` stands in the origins and errors ("benchd.yml:3"). Keys of settings
/// are not checked here: see apply_config(). An empty file says nothing. Errors: not YAML, a key twice, a list of
/// anything but plain values, rules that are bad or do not match their examples.
base::Result<Config> parse_config(const std::string& text, const std::string& name);

/// Reads and parses; a file that does not exist is an Error with code ENOENT.
base::Result<Config> load_config(const std::string& path);

/// Applies all of it to `options`. The Error names origin, key, what was found and what is allowed.
base::Result<base::Done> apply_config(const Config& config, Options& options);

}  // namespace benchd::daemon
