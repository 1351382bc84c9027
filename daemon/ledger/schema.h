#pragma once

#include "base/result.h"
#include "daemon/ledger/database.h"

namespace benchd::ledger {

/// The version that this benchd writes; the file's stands in SQLite's PRAGMA user_version, 0 = new.
int64_t schema_version();

/// The file's version, if this benchd may write to it. A later benchd's ledger and another program's database are
/// Errors: they are left as they are.
base::Result<int64_t> usable_version(Database& database);

/// Brings a usable file to a version (tests stop at older ones) by the migrations that it lacks, all in one
/// transaction: after a crash it has the version it had before.
base::Result<base::Done> migrate(Database& database, int64_t version = schema_version());

}  // namespace benchd::ledger
