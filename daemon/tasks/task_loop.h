#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/door.h"
#include "collectors/tasks/logs/container_folders.h"
#include "collectors/tasks/logs/follower.h"
#include "collectors/tasks/rules/rule.h"
#include "daemon/poller.h"
#include "daemon/snapshot_board.h"
#include "daemon/tasks/container_costs.h"
#include "daemon/tasks/container_cpu.h"
#include "daemon/tasks/finished_logs.h"
#include "daemon/tasks/held_logs.h"
#include "daemon/tasks/log_report.h"
#include "daemon/tasks/log_tasks.h"
#include "daemon/tasks/task_batch.h"
#include "daemon/tasks/task_book.h"
#include "daemon/tasks/wanted_logs.h"
#include "model/container.h"

namespace benchd::daemon {

/// The thread that reads logs: those of containers that a rule is for, and the files of the host that rules name. It
/// hears of containers from the sampler and gives batches to the inbox; it keeps nothing that is not in the ledger
/// soon.
class TaskLoop : private logs::LogListener {
 public:
  struct Setup {
    base::Door& door;
    SnapshotBoard& board;
    TaskInbox& inbox;
    std::vector<rules::Rule> rules;
    std::vector<int64_t> bounds;                 ///< of the histograms, in nanoseconds
    std::map<std::string, TaskBook::Left> left;  ///< by log
    std::string cgroup_root;                     ///< where the cgroup2 hierarchy is mounted
    std::string proc;                            ///< the proc mount
    std::string journal;                         ///< directory; empty: this host's
  };

  explicit TaskLoop(Setup setup);
  ~TaskLoop() override;
  TaskLoop(const TaskLoop&) = delete;
  TaskLoop& operator=(const TaskLoop&) = delete;

  /// What the sampler hears of containers. Any thread, never waits. `is_new`: it was not there before benchd began.
  void appeared(const model::Container& container, bool is_new);
  void told(uint64_t cgroup_id, std::shared_ptr<const model::Metadata> metadata);
  void container_ended(uint64_t cgroup_id);
  void revived(uint64_t cgroup_id);
  void forgotten(uint64_t cgroup_id);

  const LogReport& report() const { return report_; }

 private:
  struct News {
    enum class What : uint8_t { Appeared, Told, Ended, Revived, Forgotten };
    What what = What::Appeared;
    uint64_t cgroup_id = 0;
    bool is_new = false;
    std::shared_ptr<const model::Container> container;
    std::shared_ptr<const model::Metadata> metadata;
  };
  struct Watched {
    std::shared_ptr<const model::Container> container;  ///< null: the host
    std::shared_ptr<const model::Metadata> metadata;
    std::vector<logs::LogHandle> logs;  ///< that are still read
    std::unique_ptr<ContainerCosts> costs;
    std::unique_ptr<kernel::ContainerThreads> threads;
    std::unique_ptr<ContainerCpu> cpu;
    bool is_new = false;
    std::string main_log;  ///< with whose batches the costs go
    base::Instant had_tasks_at = 0;
    bool decided = false;  ///< which rules are for it
    bool ended = false;
    bool revived = false;  ///< while its logs were being read to their end: they are followed again after that
    std::optional<base::Instant> forgotten;  ///< by the sampler: to be forgotten here when its logs are read
  };

  struct ReadLog {
    std::unique_ptr<LogTasks> tasks;
    std::optional<base::LogFolder> lifetime;  ///< FinishedLogs::lifetime_of()
  };

  void line(logs::LogHandle log, const model::LogLine& line) override;
  void reached(logs::LogHandle log, const logs::Reached& reached) override;
  void ended(logs::LogHandle log) override;

  void run();
  void tell(News news);
  void take_news();
  void take(const News& news);
  void read_logs();
  void tick();
  void look_closer();
  void decide(Watched& watched);
  void decide_all();
  bool follow(Watched& watched, WantedLog wanted);
  void take_folders(const std::vector<logs::ContainerFolders::Change>& changes);
  void follow_host_files();
  void tell_lag();
  model::LogPosition position_of(const std::string& log) const;
  void finish(Watched& watched);
  void read_cpu(Watched& watched);
  void take_readings();
  void tell_costs();
  void give_costs(Watched& watched, ContainerCosts::Grown grown);
  void publish_report();
  std::string name_of(uint64_t cgroup_id) const;
  Watched* find(uint64_t cgroup_id);
  void forget_if_done(uint64_t cgroup_id);
  void follow_again(uint64_t cgroup_id, Watched& watched);
  void let_go(const std::string& log, uint64_t cgroup_id);

  Setup setup_;
  logs::Follower follower_;
  logs::ContainerFolders folders_;
  HeldLogs held_;
  FinishedLogs finished_;
  Watched host_;                                   ///< the logs of the host that are no container's
  std::unordered_map<uint64_t, Watched> watched_;  ///< by cgroup id
  std::unordered_set<uint64_t> undecided_;  ///< of them, those of which is not known yet which rules are for them
  std::unordered_set<uint64_t> costed_;     ///< and those whose tasks have costs that are not final
  Present present_;                         ///< of the turn of reading
  std::unordered_map<logs::LogHandle, ReadLog> logs_;
  std::map<std::string, logs::LogHandle> by_name_;
  std::map<std::string, std::string> places_;            ///< by log: the last position that was given
  std::map<std::string, std::optional<uint64_t>> lags_;  ///< by log: as told last
  base::Instant next_gone_look_ = 0;
  base::Instant next_look_ = 0;  ///< for folders and files that no event told of
  LogReport report_;

  Poller poller_;
  Ticker ticker_;
  Ticker closer_;                 ///< more often, while there are tasks
  std::vector<uint64_t> active_;  ///< cgroup ids of containers that have tasks at present
  Wakeup work_;
  std::atomic<bool> stop_ = false;
  std::mutex mutex_;  ///< guards the next
  std::vector<News> news_;
  std::thread thread_;  ///< last: it uses the others
};

}  // namespace benchd::daemon
