#include "daemon/doctor.h"

#include <iostream>

#include "daemon/commands/commands.h"
#include "daemon/commands/format_flag.h"
#include "daemon/commands/option_flags.h"
#include "daemon/make_door.h"

namespace benchd::daemon {

void add_doctor(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("doctor", "Say what this host offers, what is missing, what that costs and what mends it");
  const auto flags = std::make_shared<OptionFlags>(*command);
  const auto format = add_format(*command, {"text", "json"});
  command->footer(
      "Also lists what a benchd found that runs with the same options.\nExit code 1 where benchd could not run at "
      "all.\nExample:\n  benchd doctor --format=json");
  command->callback([flags, format, &exit_code] {
    const auto options = flags->load();
    if (!options.ok()) {
      std::cerr << options.error().message() << '\n';
      exit_code = kExitUsage;
      return;
    }
    const auto door = make_door(*options);
    Diagnosis diagnosis = diagnose(*options, *door);
    ask_running(*options, diagnosis);
    std::cout << (*format == "json" ? format_json(diagnosis) + "\n" : format_text(diagnosis));
    exit_code = diagnosis.cgroup_mount.empty() ? kExitFailure : kExitOk;
  });
}

}  // namespace benchd::daemon
