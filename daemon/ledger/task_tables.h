#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "daemon/ledger/database.h"
#include "model/log.h"
#include "model/task.h"

namespace benchd::ledger {

/// The host, where a log belongs to no container; cgroup ids begin at 1.
inline constexpr uint64_t kHost = 0;

/// How far a log is read, and what it told.
struct StoredLog {
  model::LogPosition position;
  uint64_t cgroup_id = kHost;
  model::LogCounts counts;
  int64_t written_at = 0;  ///< Unix time in seconds, kept by commit()
};

/// The totals of one key: of a container of this boot, or of a workload.
struct StoredTasks {
  enum class Owner : uint8_t { Container = 0, Workload = 1 };  ///< stored as a number: never renumber
  Owner owner = Owner::Container;
  uint64_t number = 0;  ///< cgroup id, or the workload's number
  model::TaskFigures figures;
};

/// What a container used while no task was in flight.
struct StoredResidual {
  uint64_t cgroup_id = kHost;
  model::Usage used;
};

/// A change of the open pairs of one log.
struct PairChange {
  std::string log;
  model::OpenPair pair;
  bool closed = false;
};

struct TaskContents {
  std::vector<StoredLog> logs;
  std::vector<StoredTasks> tasks;
  std::vector<StoredResidual> residuals;
  std::vector<PairChange> open_pairs;
};

/// Rows to be written together; the pointers are the caller's.
struct TaskRows {
  std::vector<const StoredLog*> logs;
  std::vector<const StoredTasks*> tasks;
  std::vector<const StoredResidual*> residuals;
  std::vector<const PairChange*> pairs;
  std::vector<std::string> logs_gone;     ///< that will not be read again
  std::vector<uint64_t> containers_gone;  ///< whose totals nobody shows any more
  std::vector<int64_t> workloads_gone;    ///< whose number is another's now; before `tasks` is written
  bool empty() const;
};

/// The tables of logs and tasks. Within the caller's transactions.
class TaskTables {
 public:
  base::Result<base::Done> prepare(Database& database);

  /// `bounds`: of the histograms, in nanoseconds, ascending; what was counted under others is put under the next larger
  /// one. `same_boot`: else the totals of containers are forgotten. Logs that nobody read for 30 days as of `wall`, a
  /// Unix time in seconds, are forgotten.
  base::Result<TaskContents> load(Database& database, const std::vector<int64_t>& bounds, bool same_boot, int64_t wall);
  base::Result<base::Done> write(const TaskRows& rows, const std::vector<int64_t>& bounds, int64_t wall);

 private:
  Statement put_log_;
  Statement put_tasks_;
  Statement put_residual_;
  Statement put_pair_;
  Statement drop_pair_;
  Statement drop_log_;
  Statement drop_pairs_;
  Statement drop_tasks_;
  Statement drop_residual_;
};

}  // namespace benchd::ledger
