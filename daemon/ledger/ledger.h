#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "base/result.h"
#include "daemon/ledger/checkpointer.h"
#include "daemon/ledger/database.h"
#include "daemon/ledger/run_tables.h"
#include "daemon/ledger/task_tables.h"
#include "model/mark.h"
#include "model/reading.h"
#include "model/workload.h"

namespace benchd::ledger {

/// A workload as it is kept: numbered from 1, without gaps.
struct StoredWorkload {
  int64_t number = 0;
  model::Workload workload;
  model::WorkloadTotals totals;
};

/// Time per cpu of a container as it was shown, where the kernel forgets what removed children used.
struct StoredCpus {
  uint64_t cgroup_id = 0;
  bool estimated = false;
  std::vector<model::CpuTime> cpus;
  friend bool operator==(const StoredCpus&, const StoredCpus&) = default;
};

/// What an earlier process left.
struct Contents {
  std::vector<StoredWorkload> workloads;  ///< by number
  /// Of this boot only; both are empty where the last commit was made in another one.
  std::vector<model::Mark> marks;
  std::vector<StoredCpus> cpus;
  std::optional<base::Instant> committed_at;
  TaskContents tasks;
  std::vector<OpenRun> open_runs;  ///< of any boot
};

/// Rows to be written together. The pointers are the caller's and live through the call.
struct Batch {
  base::Instant at = 0;
  std::vector<const StoredWorkload*> workloads;
  std::vector<const model::Mark*> marks;
  std::vector<const StoredCpus*> cpus;
  std::vector<uint64_t> gone;  ///< cgroup ids whose marks and cpus are to be deleted
  TaskRows tasks;
  std::vector<const model::RunRecord*> runs;
  std::vector<const OpenRun*> open_runs;
  std::vector<std::string> open_runs_gone;  ///< ids
};

/// benchd's memory: one SQLite file that one process writes and any number may read. What was committed is there after
/// a kill -9. After a power cut the last minutes may be missing, for a commit does not wait for the disk: it is the
/// disk of the benchmark. (WAL with synchronous=NORMAL. What syncs is the checkpoint, every 1,000 pages and on a thread
/// of its own, and the first commit after it.) Not thread-safe. Errors say the path.
class Ledger {
 public:
  /// Opens or makes `path`, and its directory, but no more of the path than that. Fails with EBUSY where another
  /// process writes to it, with EUCLEAN where it is damaged; a file that a later benchd wrote is left as it is.
  /// `bounds`: of the histograms of tasks' durations, in nanoseconds, ascending.
  static base::Result<Ledger> open(const std::string& path, std::vector<int64_t> bounds = {});

  /// For start-up. Forgets the marks of other boots, and those that were last read before `oldest`.
  base::Result<Contents> load(const std::string& boot_id, base::Instant oldest);

  /// One transaction: all or nothing.
  base::Result<base::Done> commit(const Batch& batch);

  /// One call to write campaigns and runs, in a transaction of its own: see RunTables for what they do.
  base::Result<bool> put(const model::Campaign& campaign);
  base::Result<bool> put(const model::RunRecord& run);
  base::Result<uint64_t> record_look(const std::string& campaign);
  base::Result<base::Done> finish(const std::string& campaign, int64_t at);
  base::Result<uint64_t> remove(const RunFilter& filter);
  /// Several of them, all or nothing.
  base::Result<base::Done> change_runs(const std::function<base::Result<base::Done>(RunTables&)>& change);

  /// Runs in batches that contradict what was there already, since it was opened: they are left out.
  uint64_t refused_runs() const { return refused_runs_; }

  /// What it holds; valid as long as this is and stays where it is.
  RunReader runs() { return RunReader(*database_); }

 private:
  Ledger(std::string path, std::vector<int64_t> bounds, base::Fd lock, Database database)
      : path_(std::move(path)),
        bounds_(std::move(bounds)),
        lock_(std::move(lock)),
        database_(std::make_unique<Database>(std::move(database))) {}

  base::Result<base::Done> prepare();
  base::Result<base::Done> write(const Batch& batch);
  base::Result<RunTables*> run_tables();
  base::Result<base::Done> write_runs(const Batch& batch);
  template <class T, class One>
  base::Result<T> change(One one);
  base::Error about_this(base::Error error) const;

  std::string path_;
  std::vector<int64_t> bounds_;
  base::Fd lock_;  ///< flock of "PATH-lock", held as long as this lives; before database_, so that it goes after
  std::unique_ptr<Checkpointer> checkpointer_;
  std::unique_ptr<Database> database_;  ///< stays where it is when this is moved: the run tables know it
  Statement put_workload_;
  Statement put_mark_;
  Statement drop_mark_;
  Statement put_cpus_;
  Statement drop_cpus_;
  Statement put_time_;
  TaskTables tasks_;
  std::optional<RunTables> run_tables_;  ///< prepared at first use
  uint64_t refused_runs_ = 0;
};

/// The command or deed that mends what open() or commit() complained of.
std::string cure_of(const base::Error& error, const std::string& path);

}  // namespace benchd::ledger
