#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "daemon/ledger/database.h"
#include "model/run_record.h"

namespace benchd::ledger {

/// Which runs: those that are all that is given.
struct RunFilter {
  std::optional<std::string> id;
  std::optional<std::string> campaign;  ///< empty: runs of none
  std::optional<std::string> experiment;
  std::optional<std::string> variant;
  std::optional<int64_t> started_before;  ///< Unix time in nanoseconds
  bool empty() const { return !id && !campaign && !experiment && !variant && !started_before; }
};

/// A run of which the daemon cannot tell all yet. The texts are the daemon's own.
struct OpenRun {
  std::string id;
  uint64_t cgroup_id = 0;
  std::string base;
  std::string ended;  ///< empty: it goes on
  friend bool operator==(const OpenRun&, const OpenRun&) = default;
};

/// The tables of campaigns and runs, read through any connection: a Ledger's own, or one that may only read. Does not
/// own it and must not outlive it. A ledger that an earlier benchd wrote has no runs.
class RunReader {
 public:
  explicit RunReader(Database& database) : database_(&database) {}

  /// Those of an experiment, or all; by their start.
  base::Result<std::vector<model::Campaign>> campaigns(const std::optional<std::string>& experiment = {}) const;
  base::Result<std::optional<model::Campaign>> campaign(const std::string& id) const;
  /// The one of an experiment that began last.
  base::Result<std::optional<model::Campaign>> latest_campaign(const std::string& experiment) const;

  /// Calls `each` for every run in the order of their starts, warm-up runs included, one at a time, so that there may
  /// be more than memory holds. What `each` returns as an error ends the walk.
  base::Result<base::Done> each_run(const RunFilter& filter,
                                    const std::function<base::Result<base::Done>(model::RunRecord)>& each) const;
  base::Result<std::vector<model::RunRecord>> runs(const RunFilter& filter) const;
  base::Result<uint64_t> count_runs(const RunFilter& filter) const;

 private:
  base::Result<bool> has_tables() const;

  Database* database_;
};

/// The same tables, written, within a transaction of the caller's and no longer than that. Does not own the database.
class RunTables {
 public:
  static base::Result<RunTables> prepare(Database& database);

  /// Each of these two once and for all by its id. True: it is new. False: it is there already, just so. An Error,
  /// EEXIST, where it is there with other contents, and says with which.
  base::Result<bool> put(const model::Campaign& campaign);
  base::Result<bool> put(const model::RunRecord& run);

  /// What is there, within the transaction.
  RunReader reader() { return RunReader(*database_); }

  /// Counts a verdict that is about to be computed while the campaign goes on, and returns its number, from 1. An Error
  /// where there is no such campaign, or it is finished: its verdict is that of its end, however often it is asked for.
  base::Result<uint64_t> record_look(const std::string& campaign);
  /// All planned runs are there. Counts the look at the end. What is finished stays so.
  base::Result<base::Done> finish(const std::string& campaign, int64_t at);

  /// How many runs went; with them the campaigns that the filter takes and that have no run any more.
  base::Result<uint64_t> remove(const RunFilter& filter);

  base::Result<base::Done> put(const OpenRun& run);
  base::Result<base::Done> drop_open(const std::string& id);
  base::Result<std::vector<OpenRun>> open_runs();

 private:
  explicit RunTables(Database& database) : database_(&database) {}

  Database* database_;
  Statement put_run_;
  Statement put_task_;
  Statement put_campaign_;
  Statement put_open_;
  Statement drop_open_;
};

/// A ledger that is only looked at: beside the process that writes to it, or where nobody does. One thread.
class LedgerView {
 public:
  /// ENOENT where there is none; an Error where a later benchd or another program wrote it. Errors say the path.
  static base::Result<LedgerView> open(const std::string& path);
  RunReader runs() { return RunReader(database_); }

 private:
  explicit LedgerView(Database database) : database_(std::move(database)) {}
  Database database_;
};

}  // namespace benchd::ledger
