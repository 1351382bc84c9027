#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/durations.h"
#include "model/log.h"

namespace benchd::model {

/// Under what tasks are counted: the labels `task` and `outcome`.
struct TaskKey {
  std::string task;     ///< the kind where the rule captures one, else the rule's name
  std::string outcome;  ///< "ok" unless the rule says otherwise

  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 means the 0 that a rewritten < compares with
  friend auto operator<=>(const TaskKey&, const TaskKey&) = default;
};

/// What one line reports: a task, or several of one key together. Times are nanoseconds; instants are Unix time.
struct TaskReport {
  uint32_t rule = 0;                ///< its index among the rules of this container
  std::string_view kind;            ///< empty: the rule captures none
  std::string_view outcome;         ///< empty: the rule's own
  uint64_t count = 1;               ///< tasks
  std::optional<int64_t> duration;  ///< of all of them together
  std::optional<int64_t> ended;     ///< the line's own time, else the engine's stamp
  std::optional<int64_t> started;   ///< where the log says so; else ended − duration for a single task
  std::optional<int64_t> process;   ///< as the log names it: in the container's pid namespace
  std::optional<int64_t> thread;    ///< likewise
};

/// What a container, or a task of it, has used. What is not collected is 0.
struct Usage {
  uint64_t cpu_ns = 0;
  uint64_t on_cpu_ns = 0;  ///< thread-nanoseconds, as in ThreadTimes
  uint64_t runnable_ns = 0;
  uint64_t blocked_ns = 0;
  uint64_t io_read_bytes = 0;
  uint64_t io_written_bytes = 0;
  friend bool operator==(const Usage&, const Usage&) = default;
};

/// What tasks cost, as far as it could be told. Never falls.
struct TaskCost {
  uint64_t tasks = 0;        ///< those whose cost is in here
  uint64_t apportioned = 0;  ///< of them, those that were not alone: their cost is a share
  uint64_t task_ns = 0;      ///< from start to end, summed over them
  Usage used;
  friend bool operator==(const TaskCost&, const TaskCost&) = default;
};

/// All tasks of one key that one container, or one workload, has done. Never falls.
struct TaskTotals {
  uint64_t tasks = 0;
  uint64_t timed = 0;        ///< those whose duration is known
  uint64_t duration_ns = 0;  ///< of the timed ones together
  std::vector<uint64_t>
      buckets;            ///< timed tasks by duration, each in one: one more than there are bounds, all above last
  Durations durations{};  ///< of a container: the same ones, finer
  std::optional<int64_t> first_start{};  ///< Unix time; its end where the start is not known. Of a container
  std::optional<int64_t> last_end{};     ///< likewise
  TaskCost cost;
  friend bool operator==(const TaskTotals&, const TaskTotals&) = default;
};

struct TaskFigures {
  TaskKey key;
  TaskTotals totals;
  friend bool operator==(const TaskFigures&, const TaskFigures&) = default;
};

/// What the logs of one container, or of the host, told. Immutable once it is in a snapshot.
struct ContainerTasks {
  std::vector<TaskFigures> tasks;  ///< a key once
  Usage residual;                  ///< used while no task was in flight
  std::vector<LogFigures> logs;
};

}  // namespace benchd::model
