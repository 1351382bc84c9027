#include <iostream>

#include <nlohmann/json.hpp>

#include "daemon/commands/commands.h"
#include "daemon/commands/format_flag.h"
#include "daemon/config_file.h"
#include "daemon/options.h"

namespace benchd::daemon {
namespace {

int check_config(const std::string& file, const std::string& format) {
  Options options;
  const auto config = load_config(file);
  const auto result = config.ok() ? apply_config(*config, options) : base::Result<base::Done>(config.error());
  if (format == "json") {
    nlohmann::json json = {{"file", file}, {"valid", result.ok()}};
    if (!result.ok()) json["error"] = result.error().message();
    // The error quotes the file, which may be anything.
    std::cout << json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
  } else if (result.ok()) {
    std::cout << file << ": good\n";
  } else {
    std::cerr << result.error().message() << '\n';
  }
  return result.ok() ? kExitOk : kExitUsage;
}

}  // namespace

void add_check_config(CLI::App& app, int& exit_code) {
  const auto file = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("check-config", "Say whether a configuration file is good, and where not");
  command->add_option("FILE", *file, "the YAML file")->required();
  const auto format = add_format(*command, {"text", "json"});
  command->footer("Example:\n  benchd check-config /etc/benchd/benchd.yml");
  command->callback([file, format, &exit_code] { exit_code = check_config(*file, *format); });
}

}  // namespace benchd::daemon
