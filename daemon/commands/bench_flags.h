#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/result.h"
#include "daemon/campaign/definition/definition.h"
#include "daemon/commands/earlier_tree.h"
#include "daemon/control/socket.h"

namespace benchd::daemon {

/// The flags as they were typed; empty or absent: not given.
struct BenchFlags {
  std::vector<std::string> commands;
  std::vector<std::string> names;
  std::string experiment = "bench";
  uint64_t runs = 20;
  uint64_t warm_up = 1;
  std::string prepare;
  std::string conclude;
  std::string threshold;
  std::string measure;
  std::string timeout;
  std::string shell = "auto";
  std::string output = "null";
  std::string exclude = "busy";
  bool control = false;
  std::optional<uint64_t> seed;
  std::string ledger;
  std::string socket = kControlSocket;  ///< of the daemon
  std::string export_json;
  std::string against;
  bool resume = false;

  /// Whether the command is a campaign file.
  bool is_file() const;
};

/// All flags of `bench` but those that say how verdicts are shown. `flags` lives as long as `command`.
void add_bench_flags(CLI::App& command, BenchFlags& flags);

/// An Error where a flag says what the campaign file says.
base::Result<base::Done> check_beside_file(const CLI::App& command, const BenchFlags& flags);

/// Each variant beside itself as it was in `tree`, which is its baseline: a cell of its own, where there are several.
base::Result<campaign::Definition> definition_against(const BenchFlags& flags, const EarlierTree& tree);

/// What the campaign file says, else the flags.
base::Result<campaign::Definition> definition_of(const BenchFlags& flags);

}  // namespace benchd::daemon
