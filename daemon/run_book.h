#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "daemon/ledger/ledger.h"
#include "daemon/tasks/task_book.h"
#include "model/mark.h"
#include "model/run_record.h"
#include "model/snapshot.h"

namespace benchd::daemon {

/// Makes runs of labelled containers: from the first process to the last one's end, each start once. Part of the
/// WorkloadBook, whose transactions these are, and whose marks say which start it is.
///
/// A run is written when all is known of it: its labels, its exit code, and its log to the end; what has not come ten
/// seconds after its end is missing, and the row says so. What a container had counted when a start of it began, and
/// what is known of one that is over, is kept in the ledger meanwhile: a kill -9 of benchd loses no run that it had
/// seen, and doubles none.
class RunBook {
 public:
  struct Setup {
    std::string boot_id;
    model::HostFacts host;
    bool collects_io = false;     ///< a container without a row for any device has read and written nothing
    bool collects_tasks = false;  ///< the tasks' thread will tell of logs
    std::function<int64_t()> wall_offset = base::wall_offset;
  };

  /// `left` by an earlier process.
  RunBook(Setup setup, std::vector<ledger::OpenRun> left);

  /// The kernel tells that a container's first process came, or came again.
  void populated(uint64_t cgroup_id, base::Instant at);

  /// After a reading, which the mark knows already. `began`: it is the first of a start. `was_there`: before benchd
  /// began, and unknown to the ledger.
  void read(const model::ContainerSnapshot& container, const model::Mark& mark, bool began, bool was_there,
            const TaskBook& tasks);
  /// The start that goes on is over.
  void ended(const model::ContainerSnapshot& container);
  /// It has other metadata than before.
  void told(const model::ContainerSnapshot& container);
  /// What the engine says of a container that ended before benchd began.
  void told(uint64_t cgroup_id, std::shared_ptr<const model::Metadata> metadata);
  /// It is not shown any more, nor are its tasks.
  void forgotten(uint64_t cgroup_id, const TaskBook& tasks);

  /// Starts of this boot that the first reading did not find ended while nobody looked. `mark_of` may return null.
  void first_reading_done(base::Instant now, const std::function<const model::Mark*(uint64_t cgroup_id)>& mark_of);

  /// Adds what is to be written. The pointers live until the next call of anything but committed().
  void fill(ledger::Batch& batch, base::Instant now, const TaskBook& tasks);
  void committed();

  /// The containers whose end in this boot an engine has not told of yet: cgroup id and path.
  std::vector<std::pair<uint64_t, std::string>> wanted() const;

 private:
  enum class Label : uint8_t { Unknown, Run, None };
  struct Start {
    ledger::OpenRun stored;  ///< as it is to be in the ledger
    model::RunRecord base;   ///< what was known at its start, with the counters of before; its cgroup's path
    model::RunRecord run;    ///< what is known by now, with the counters of now; its tasks come last
    uint64_t number = 0;     ///< of the container's starts, from 1
    std::optional<base::Instant> began;  ///< absent: in another process, or nobody saw it
    std::optional<base::Instant> ended;
    bool unseen_end = false;  ///< nobody looked then
    bool has_engine = true;   ///< that will tell an exit code
    bool told_end = false;    ///< it did
    bool has_tasks = false;   ///< `run` has them: the container is forgotten
    Label label = Label::Unknown;
    bool dirty = true;
    bool in_ledger = false;  ///< as an open run
    bool written = false;    ///< as a run, in the batch that is being committed; or it is none
  };

  void take_over(ledger::OpenRun left);
  Start* latest(uint64_t cgroup_id);
  Start& begin(const model::ContainerSnapshot& container, const model::Mark& mark, bool seen, const TaskBook& tasks);
  void label(Start& start, const model::ContainerSnapshot& container);
  void take(Start& start, const model::Metadata& metadata);
  void find_over(Start& start, const model::ContainerSnapshot& container);
  struct Beginning {
    base::Instant at = 0;
    bool known = true;  ///< else the run began later, before its end, and nobody looked meanwhile
  };
  Beginning beginning(const model::ContainerSnapshot& container, const model::Mark& mark);
  void miss_end(Start& start, base::Instant now, const model::Mark* mark) const;
  bool is_complete(const Start& start, base::Instant now, const TaskBook& tasks) const;
  model::RunRecord completed(const Start& start, const TaskBook& tasks) const;
  bool is_of_this_boot(const Start& start) const { return start.stored.id.starts_with(setup_.boot_id + '/'); }

  Setup setup_;
  bool first_reading_done_ = false;
  std::map<std::string, Start> starts_;                       ///< by the run's id
  std::unordered_map<uint64_t, std::string> latest_;          ///< by cgroup id: its latest start's id
  std::unordered_map<uint64_t, base::Instant> populated_at_;  ///< whose start no reading has told yet
  std::unordered_map<uint64_t, base::Instant> empty_at_;      ///< as of the last reading; nothing has ever run there
  std::vector<model::RunRecord> finished_;                    ///< in the batch
  std::vector<std::string> gone_;                             ///< ids of open runs to be dropped
};

}  // namespace benchd::daemon
