#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/ledger/task_tables.h"
#include "model/log.h"
#include "model/task.h"

namespace benchd::daemon {

/// What the tasks' thread learned from one log since its last batch of it: how far the log is read by now, and what
/// stood between there and here. Everything but the position and the lag is growth.
struct TaskBatch {
  model::LogPosition position;
  uint64_t cgroup_id = ledger::kHost;  ///< to whom it is charged
  model::LogCounts counts;
  std::vector<model::TaskFigures> tasks;  ///< a key at most once; growth of 0 makes a key known
  model::Usage residual;
  std::vector<model::OpenPair> opened;
  std::vector<model::OpenPair> closed;  ///< none of them in `opened`
  std::optional<uint64_t> lag_bytes;
  std::optional<int64_t> last_stamp;
  bool ended = false;  ///< it is read to its end, and not followed any more
  bool gone = false;   ///< it will never be read again: no position needs to be kept
};

/// Between the tasks' thread, which gives, and the sampler's, which takes and commits. Neither waits for the other.
class TaskInbox {
 public:
  void give(TaskBatch batch) {
    const std::lock_guard lock(mutex_);
    batches_.push_back(std::move(batch));
  }
  /// Replaces `batches` by what was given since the last call, in that order.
  void take(std::vector<TaskBatch>& batches) {
    batches.clear();
    const std::lock_guard lock(mutex_);
    batches_.swap(batches);
  }
  /// Batches that wait to be taken: who has read much further than was committed should pause.
  size_t waiting() const {
    const std::lock_guard lock(mutex_);
    return batches_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::vector<TaskBatch> batches_;
};

}  // namespace benchd::daemon
