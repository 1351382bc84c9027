#include <exception>
#include <iostream>

#include <CLI/CLI.hpp>

#include "daemon/commands/commands.h"

int main(int argc, char** argv) {
  using namespace benchd::daemon;
  try {
    CLI::App app("Metrics of every container on a benchmark host, read from cgroup v2", "benchd");
    app.set_version_flag("--version", BENCHD_VERSION);
    app.require_subcommand(0, 1);
    app.footer(
        "Examples:\n"
        "  benchd serve                           # then http://127.0.0.1:10900/\n"
        "  benchd doctor                          # what is missing on this host\n"
        "  benchd bench 'python3 app.py' 'pypy3 app.py'\n"
        "  benchd compare runs.csv                # which variant is faster, and is that sure\n"
        "  benchd check-config /etc/benchd/benchd.yml\n"
        "  benchd COMMAND --help                  # its flags and examples");
    int exit_code = kExitOk;
    add_serve(app, exit_code);
    add_bench(app, exit_code);
    add_compare(app, exit_code);
    add_check_config(app, exit_code);
    add_doctor(app, exit_code);
    add_metrics(app, exit_code);
    add_rules(app, exit_code);
    add_runs(app, exit_code);
    try {
      app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      // --help and --version arrive here too, with code 0.
      return app.exit(error) == 0 ? kExitOk : kExitUsage;
    }
    if (app.get_subcommands().empty()) {
      std::cerr << app.help();
      return kExitUsage;
    }
    return exit_code;
  } catch (const std::exception& exception) {
    std::cerr << "benchd: " << exception.what() << '\n';
    return kExitFailure;
  }
}
