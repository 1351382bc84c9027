#pragma once

#include <string>
#include <vector>

#include "base/result.h"

/// Where ledgers are where nobody says so.
namespace benchd::ledger {

/// The daemon's.
inline constexpr const char* kSystemLedger = "/var/lib/benchd/ledger.db";

/// Of the user who runs this: "$XDG_DATA_HOME/benchd/ledger.db", else "~/.local/share/benchd/ledger.db". Its
/// directories are made if they are not there (mode 0700), but for the home directory. An Error where there is no home.
base::Result<std::string> own_ledger();

/// Those that are there and that this process may read: the daemon's, then the user's own.
std::vector<std::string> readable_ledgers();

}  // namespace benchd::ledger
