#pragma once

#include <memory>

#include <CLI/CLI.hpp>

#include "base/result.h"
#include "daemon/options.h"

namespace benchd::daemon {

/// The flags of `serve` on a command, from option_specs(): `--NAME VALUE`, and `--NAME` / `--no-NAME` for a switch,
/// plus
/// --config.file. Values are collected while CLI11 parses and applied by load().
class OptionFlags {
 public:
  explicit OptionFlags(CLI::App& command);

  /// Defaults, then the file, then the flags. The default file may be missing, one that was asked for may not.
  /// May be called again for a reload: the file is read anew, the flags stay.
  base::Result<Options> load() const;

 private:
  struct Given;
  std::shared_ptr<Given> given_;  ///< CLI11's callbacks write into it
};

}  // namespace benchd::daemon
