#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "daemon/ledger/task_tables.h"
#include "daemon/tasks/task_batch.h"
#include "model/snapshot.h"

namespace benchd::daemon {

/// The totals of tasks, per container and per workload. A batch's counts and the position it reached are written in one
/// transaction of the ledger, and shown once that is done: after a kill -9 the log is read on from the position, so
/// each line counts once, and nothing that was shown is taken back. Part of the WorkloadBook, whose transactions these
/// are.
///
/// A container's tasks are its workload's as soon as the workload is known.
class TaskBook {
 public:
  /// `workload_of`: by the marks, the workloads' numbers.
  TaskBook(ledger::TaskContents contents, const std::unordered_map<uint64_t, int64_t>& workload_of);

  /// Adds a batch. Those of one log come in the order in which they were given.
  void take(const TaskBatch& batch);
  /// From now on the container's tasks, if it has any, are this workload's, those so far included. `was_there`: before
  /// benchd began. To be told again for a container's first batch.
  void named(uint64_t cgroup_id, int64_t workload, bool was_there);
  /// Whether named() would be news.
  bool is_nameless(uint64_t cgroup_id) const;
  /// The number is given to another workload.
  void workload_forgotten(int64_t number);
  /// Nobody shows the container any more. Its log may still have something for its workload.
  void container_forgotten(uint64_t cgroup_id);

  /// What is to be written. The pointers live until the next call of anything but committed().
  void fill(ledger::TaskRows& rows);
  /// It was written, and is shown from now on. A workload's new key is shown at 0 first, where a scrape is expected, so
  /// that increase() sees it rise; what was there before benchd began is history and not held back.
  void committed(bool scrape_expected);
  /// What is shown is what a scrape got.
  void scraped();

  /// As committed last; null where no rule is for it.
  std::shared_ptr<const model::ContainerTasks> shown(uint64_t cgroup_id) const;
  std::shared_ptr<const std::vector<model::TaskFigures>> shown_of_workload(int64_t number) const;
  /// All tasks that the container's logs have told, committed or not; of one that is not forgotten.
  std::vector<model::TaskFigures> counted(uint64_t cgroup_id) const;
  /// Each of its logs, if it has any, is read to its end.
  bool is_read(uint64_t cgroup_id) const;
  /// The cgroup ids for which shown() has changed since the last call of this.
  std::vector<uint64_t> take_changed() { return std::exchange(changed_, {}); }

  /// What an earlier process left of a log, for the tasks' thread.
  struct Left {
    std::string place;
    uint64_t cgroup_id = ledger::kHost;
    std::vector<model::OpenPair> open_pairs;
    std::vector<model::TaskKey> keys;  ///< that its container has counted
  };
  std::map<std::string, Left> left() const;  ///< by log

 private:
  struct Row {
    ledger::StoredTasks stored;
    bool dirty = false;
    bool held = false;  ///< of a workload: shown at 0
  };
  using Rows = std::map<model::TaskKey, Row>;
  struct Log {
    ledger::StoredLog stored;
    std::optional<uint64_t> lag_bytes;
    std::optional<int64_t> last_stamp;
    bool dirty = false;
    bool ended = false;
    bool gone = false;
  };
  struct Holder {
    Rows rows;
    ledger::StoredResidual residual;
    std::vector<std::string> logs;
    int64_t workload = 0;  ///< 0 = not known yet
    bool residual_dirty = false;
    bool changed = false;    ///< since it was shown
    bool was_there = false;  ///< before benchd began
    bool forgotten = false;  ///< nobody shows it: what comes is its workload's alone
    std::shared_ptr<const model::ContainerTasks> shown;
  };
  struct Workload {
    Rows rows;
    bool changed = false;
    bool shows_held = false;
    std::shared_ptr<const std::vector<model::TaskFigures>> shown;
  };

  Holder& holder(uint64_t cgroup_id);
  static Row& put(Rows& rows, ledger::StoredTasks::Owner owner, uint64_t number, const model::TaskFigures& figures);
  void charge(const Holder& holder, const model::TaskFigures& figures);
  void empty(Holder& holder);
  void show(Holder& holder) const;
  static void show(Workload& workload, bool scrape_expected);
  void forget();

  std::unordered_map<uint64_t, Holder> holders_;  ///< by cgroup id
  std::unordered_map<int64_t, Workload> workloads_;
  std::map<std::string, Log> logs_;
  std::vector<ledger::PairChange> pairs_;       ///< not committed yet, in order
  std::vector<ledger::PairChange> left_pairs_;  ///< of the process before
  std::vector<std::string> logs_gone_;
  std::vector<uint64_t> containers_gone_;
  std::vector<int64_t> workloads_gone_;
  std::vector<uint64_t> changed_;
};

}  // namespace benchd::daemon
