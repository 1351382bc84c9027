#pragma once

#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace benchd::daemon {

/// Adds --format to a command: one of `formats`, the first of them unless told otherwise. Valid once the command line
/// is parsed.
std::shared_ptr<const std::string> add_format(CLI::App& command, const std::vector<std::string>& formats);

}  // namespace benchd::daemon
