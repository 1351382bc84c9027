#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/result.h"
#include "exporters/report/plots.h"
#include "model/verdict.h"

/// What `compare` and `bench` have in common.
namespace benchd::daemon {

/// Columns of the terminal behind `fd`; 0 where it is none.
size_t terminal_width(int fd);

/// A flag's value that is not what is allowed.
base::Error bad_flag(const std::string& flag, const std::string& found, const std::string& allowed);

/// Of --threshold: a share above 0 and up to 1000 %.
base::Result<double> threshold_of(const std::string& text);
/// Of --confidence: a share from 50 % to 99.99 %.
base::Result<double> confidence_of(const std::string& text);

/// Adds --fail-on; valid once the command line is parsed.
std::shared_ptr<const std::vector<std::string>> add_fail_on(CLI::App& command);

/// A comparison with those of the records that it is of.
report::Evidence evidence_of(model::ComparisonSet set, const std::vector<model::RunRecord>& records);

/// What --format may be, the default first.
const std::vector<std::string>& verdict_formats();

/// Verdicts in one of them, text as the terminal of standard output likes it: of the cells of a matrix, or the one
/// comparison that there is without. JSON of several cells is a list.
std::string formatted(std::span<const report::Evidence> cells, const std::string& format);

/// Adds --plots; empty unless it was given. Valid once the command line is parsed.
std::shared_ptr<const std::string> add_plots(CLI::App& command);

/// A file NAME.svg a plot, in a directory that is made if need be; of several cells in directories 1, 2, … below it.
base::Result<base::Done> write_plots(std::span<const report::Evidence> cells, const std::string& directory);

/// 1: there is a verdict that --fail-on names; else 0: there are verdicts; 2: there is none at all.
int exit_code_of(std::span<const report::Evidence> cells, const std::vector<std::string>& fail_on);

}  // namespace benchd::daemon
