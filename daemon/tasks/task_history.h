#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "analysis/task_window.h"
#include "base/clock.h"
#include "base/result.h"
#include "model/snapshot.h"
#include "model/task_window.h"

namespace benchd::daemon {

/// What the tasks of each container totalled at earlier instants: where windows begin. The further back, the further
/// apart: a mark stays within a 16th of its age of the next, so that there are less than a hundred of each container,
/// each of some hundred bytes for a key.
class TaskHistory {
 public:
  static constexpr int64_t kLongest = 600 * base::kSecond;
  /// A ratio over less is that of chance and of the instants of reading.
  static constexpr int64_t kLeastTicks = 10;

  /// Takes what a snapshot shows. The sampler's thread.
  void note(const model::Snapshot& snapshot);
  void set_tick(int64_t interval);

  /// The window of that length up to the last note, of each container that has tasks: it begins with the mark that is
  /// closest to it, or with the first one. None that has less than kLeastTicks is given. The Error says which lengths
  /// are allowed. Any thread.
  base::Result<std::vector<model::TaskWindow>> windows(int64_t length) const;

 private:
  struct Subject {
    std::shared_ptr<const model::ContainerTasks> seen;  ///< as of the last mark
    std::vector<model::TaskKey> keys;                   ///< by number
    std::deque<analysis::TaskMark> marks;               ///< ascending
    base::Instant noted = 0;
  };

  void note(uint64_t cgroup_id, const std::shared_ptr<const model::ContainerTasks>& tasks, base::Instant now);
  static void thin(std::deque<analysis::TaskMark>& marks);

  mutable std::mutex mutex_;                        ///< guards the rest
  std::unordered_map<uint64_t, Subject> subjects_;  ///< by cgroup id, 0 = the host
  int64_t tick_ = base::kSecond;
};

}  // namespace benchd::daemon
