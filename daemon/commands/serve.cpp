#include "daemon/serve.h"

#include <iostream>

#include "daemon/commands/commands.h"
#include "daemon/commands/option_flags.h"

namespace benchd::daemon {

void add_serve(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("serve", "Run the daemon");
  const auto flags = std::make_shared<OptionFlags>(*command);
  command->footer(
      "Examples:\n"
      "  benchd serve\n"
      "  benchd serve --web.listen-address=:10900 --interval=500ms\n"
      "  benchd serve --collector.cgroup.include='/system.slice/*.service'");
  command->callback([flags, &exit_code] {
    const auto options = flags->load();
    if (!options.ok()) {
      std::cerr << options.error().message() << '\n';
      exit_code = kExitUsage;
      return;
    }
    const auto served = serve(*options, [flags] { return flags->load(); });
    if (!served.ok()) {
      std::cerr << "benchd: " << served.error().message() << '\n';
      exit_code = kExitFailure;
    }
  });
}

}  // namespace benchd::daemon
