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
#include "base/result.h"
#include "daemon/ledger/ledger.h"
#include "daemon/run_book.h"
#include "daemon/tasks/task_book.h"
#include "model/mark.h"
#include "model/snapshot.h"

namespace benchd::daemon {

/// What the book counted since the start.
struct WorkloadCounts {
  uint64_t commits = 0;
  uint64_t errors = 0;        ///< commits that failed
  uint64_t forgotten = 0;     ///< workloads that made room for others
  uint64_t refused_runs = 0;  ///< that contradict what the ledger has
  uint64_t crowded_out = 0;   ///< containers charged to "unknown" because no workload could make room
  int64_t commit_ns = 0;      ///< spent in commits, together
};

/// The workloads' totals. The sampler tells it of each reading, start, end and name, and has it commit before each
/// snapshot: what is shown is what the ledger holds, so no crash of benchd takes a value back. A commit that fails
/// leaves what is shown as it was; nothing is lost, it is due at the next.
///
/// A workload is born at 0: what its first containers used is in the ledger at once, but shown only after a scrape
/// has had the 0, else increase() would miss it. (Not for longer than a minute, and not where nobody scrapes.) What
/// containers used that were there before benchd began is history, and shown from the first.
///
/// A thousand workloads are kept. Who comes then takes the place of the one that was not used for longest, has no
/// container any more and is not declared.
///
/// Used by the sampler's thread alone. Allocates only when containers or workloads come and go.
class WorkloadBook {
 public:
  /// How long a container's name is waited for after its end: as long it must not be forgotten.
  static constexpr int64_t kNameWait = 10 * base::kSecond;

  struct Setup {
    std::string path;  ///< of the ledger
    std::string boot_id;
    std::vector<model::Workload> declared;  ///< shown at 0 before they have any container
    bool collects_threads = false;          ///< exact thread seconds are shown from birth on
    bool keeps_cpus = false;                ///< kernel::ThreadSource::needs_cpus_before()
    bool collects_io = false;               ///< likewise IO
    std::vector<int64_t> duration_bounds;   ///< of the histograms of tasks, in nanoseconds, ascending
    bool collects_tasks = false;            ///< logs are read
    model::HostFacts host;                  ///< that runs are of
  };

  /// Opens the ledger and goes on from there. `now` ends the time that nobody observed: it is charged, as such, to the
  /// workloads whose containers were running when the process before committed for the last time.
  static base::Result<WorkloadBook> open(Setup setup, base::Instant now);

  /// The thread times of a container, and its time per cpu, as an earlier process left them. They are benchd's own
  /// count, so nobody else knows; exact times and estimates are counts of their own.
  struct ThreadsBefore {
    model::ThreadTimes counted;  ///< from where to count on
    model::ThreadTimes shown;    ///< the most that may have been shown: below this nothing must be
    std::vector<model::CpuTime> cpus;
  };
  /// Nothing for a container that had none. To be asked before the container's first read().
  std::optional<ThreadsBefore> threads_before(uint64_t cgroup_id, bool estimated, base::Instant now) const;

  /// The kernel tells that a process came where there was none.
  void populated(uint64_t cgroup_id, base::Instant at) { runs_->populated(cgroup_id, at); }
  /// A container was read; also one that is ended, but not yet removed.
  void read(const model::ContainerSnapshot& container);
  /// It became empty or was removed, after its last reading.
  void ended(const model::ContainerSnapshot& container);
  /// It was ended, and is populated anew; `wall` is now, as a Unix time in seconds.
  void restarted(const model::ContainerSnapshot& container, double wall);
  /// It has other metadata than before.
  void told(const model::ContainerSnapshot& container);
  /// What a runtime says of a container that the sampler does not know: it ended before benchd began.
  void told_of_ended(uint64_t cgroup_id, std::shared_ptr<const model::Metadata> metadata) {
    runs_->told(cgroup_id, std::move(metadata));
  }
  /// It is not there any more, and nothing will be told of it.
  void forgotten(uint64_t cgroup_id);

  /// Adds what the tasks' thread learned.
  void take(const std::vector<TaskBatch>& batches);
  const TaskBook& tasks() const { return *tasks_; }
  TaskBook& tasks() { return *tasks_; }
  const RunBook& runs() const { return *runs_; }

  /// Writes what changed.
  void commit(base::Instant now);
  /// Campaigns and runs that others made, in a transaction of their own.
  base::Result<base::Done> change_runs(const std::function<base::Result<base::Done>(ledger::RunTables&)>& change);

  /// What is shown is what a scrape gets.
  void scraped(base::Instant now);

  /// As committed last, in the order in which they became known.
  const std::vector<model::WorkloadSnapshot>& shown() const { return shown_; }
  /// Why the ledger does not take what it is given; nothing while it does.
  const std::optional<model::State>& state() const { return state_; }
  WorkloadCounts counts() const {
    WorkloadCounts counts = counts_;
    counts.refused_runs = ledger_.refused_runs();
    return counts;
  }

 private:
  struct Entry {
    model::Mark mark;
    ledger::StoredCpus cpus;                            ///< kept where Setup::keeps_cpus
    std::shared_ptr<const model::Container> container;  ///< null: marked by an earlier process and not seen since
    std::optional<base::Instant> waiting_since;         ///< ended without a name
    double restarted_at = 0;                            ///< Unix time; 0: it is in its first run
    base::Instant written_at = 0;                       ///< 0: not yet
    bool was_there = false;  ///< before benchd began, unknown to the ledger: what it used so far is history
    bool dirty = false;      ///< to be written
    bool over = false;       ///< forgotten by the sampler: to be deleted once it is charged
  };
  struct Workload {
    ledger::StoredWorkload stored;
    bool dirty = false;
    bool declared = false;
    uint64_t used = 0;          ///< rises with each use; 0 = not by this process
    bool held = false;          ///< shown as `history`, not yet as stored
    bool zero_scraped = false;  ///< a scrape has had it
    base::Instant held_since = 0;
    model::WorkloadTotals history;  ///< what it was born with
  };

  /// Of a container that is forgotten and charged: a log of it may be found later, if its name came late.
  struct Past {
    int64_t workload = 0;
    bool was_there = false;
    base::Instant since = 0;
  };

  explicit WorkloadBook(Setup setup, ledger::Ledger ledger);

  void take_over(ledger::Contents contents, base::Instant now);
  Entry& entry_of(const model::ContainerSnapshot& container);
  Entry* find(uint64_t cgroup_id);
  void touch(Entry& entry);
  void touch(Workload& workload);
  Workload& workload(int64_t number) { return workloads_[static_cast<size_t>(number) - 1]; }
  Workload& workload_named(const model::Workload& key);
  Workload* longest_unused();
  void charge(Entry& entry, const model::WorkloadTotals& grown);
  void try_to_name(Entry& entry, const model::Metadata* metadata);
  void name(Entry& entry, const model::Workload& key);
  void name_as(const Entry& entry);
  void name_tasks_of_past(uint64_t cgroup_id);
  void try_failure(Entry& entry, const model::Metadata* metadata);
  void settle(base::Instant now);
  bool write(base::Instant now);
  void show(base::Instant now);
  bool scrape_expected(base::Instant now) const;

  Setup setup_;
  ledger::Ledger ledger_;
  std::optional<TaskBook> tasks_;    ///< always there once open
  std::optional<RunBook> runs_;      ///< likewise
  std::vector<Workload> workloads_;  ///< by number, from 1
  std::map<model::Workload, int64_t> numbers_;
  std::unordered_map<uint64_t, Entry> entries_;  ///< by cgroup id
  std::vector<Entry*> dirty_entries_;
  std::vector<uint64_t> waiting_;            ///< cgroup ids of ended containers without a name
  std::vector<uint64_t> over_;               ///< cgroup ids of entries to be deleted
  std::unordered_map<uint64_t, Past> past_;  ///< by cgroup id
  ledger::Batch batch_;                      ///< scratch of write()
  std::vector<model::WorkloadSnapshot> shown_;
  std::optional<model::State> state_;
  WorkloadCounts counts_;
  uint64_t uses_ = 0;
  bool has_begun_ = false;  ///< the first commit is done: what appears from now on starts now
  base::Instant committed_at_ = 0;
  std::optional<base::Instant> scraped_at_;
};

/// What the user is told of a ledger that cannot be opened.
model::State no_ledger(const base::Error& error, const std::string& path);

}  // namespace benchd::daemon
