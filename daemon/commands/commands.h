#pragma once

#include <CLI/CLI.hpp>

namespace benchd::daemon {

/// Exit codes of every command (interfaces.md): 2 = usage or configuration.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitInterrupted = 130;

/// Each adds one subcommand to `app`; when it was chosen its callback runs it and stores the exit code in `exit_code`,
/// which must outlive the parse.
void add_serve(CLI::App& app, int& exit_code);
void add_bench(CLI::App& app, int& exit_code);
void add_check_config(CLI::App& app, int& exit_code);
void add_compare(CLI::App& app, int& exit_code);
void add_doctor(CLI::App& app, int& exit_code);
void add_metrics(CLI::App& app, int& exit_code);
void add_rules(CLI::App& app, int& exit_code);
void add_runs(CLI::App& app, int& exit_code);

}  // namespace benchd::daemon
