#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "collectors/kernel/container_threads.h"
#include "collectors/tasks/logs/flushes.h"
#include "collectors/tasks/logs/followed.h"
#include "collectors/tasks/rules/pairs.h"
#include "collectors/tasks/rules/rule_set.h"
#include "collectors/tasks/rules/tally.h"
#include "daemon/tasks/container_costs.h"
#include "daemon/tasks/task_batch.h"

namespace benchd::daemon {

/// As of a turn of reading.
struct Present {
  base::Instant now = 0;
  int64_t wall_offset = 0;  ///< see base::wall_offset
};

/// From the lines of one log to batches: applies the rules and adds up what they find until the position is told.
class LogTasks : private rules::Sink {
 public:
  struct Setup {
    std::string log;
    uint64_t cgroup_id = ledger::kHost;
    rules::RuleSet rules;
    std::vector<int64_t> bounds;                  ///< of the histograms, in nanoseconds
    std::vector<model::OpenPair> open_pairs;      ///< of an earlier process
    std::vector<model::TaskKey> keys;             ///< counted already
    kernel::ContainerThreads* threads = nullptr;  ///< of the container; outlives this
  };
  /// `costs` of the container, null for the host. It and `present`, which goes on, outlive this.
  LogTasks(Setup setup, const Present& present, ContainerCosts* costs);

  const std::string& log() const { return log_; }
  uint64_t cgroup_id() const { return cgroup_id_; }
  /// Of the last line that had one; nanoseconds of Unix time.
  std::optional<int64_t> last_stamp() const { return last_stamp_; }

  void line(const model::LogLine& line);

  /// All that the lines since the last call told.
  TaskBatch reached(const logs::Reached& reached);

  /// A batch of none but the keys that are sure to come, at 0, so that their series are there before the first task.
  TaskBatch born(model::LogPosition position) const;

  /// There will be no more lines: a beginning that waits for its end will not have one.
  TaskBatch ended();

  /// When the task in flight that began first did.
  std::optional<base::Instant> held() const;

  /// The last lines that no rule took, if there are others than at the last call of this.
  std::optional<model::UnmatchedLines> take_unmatched();

  /// The lines of which tasks have no other time than the engine's stamp have that of flushes.
  bool coarse() const { return coarse_; }

  /// Lines since this was made, and of them those that a rule took.
  struct Seen {
    uint64_t lines = 0;
    uint64_t matched = 0;
  };
  const Seen& seen() const { return seen_; }

  std::span<const rules::Rule> rules() const { return rules_.rules(); }
  /// The lines that each of them took since the last call of this.
  std::vector<uint64_t> take_lines_of_rules();

  /// Tasks since the last call of this.
  bool take_had_tasks() { return std::exchange(had_tasks_, false); }

 private:
  void task(const model::TaskReport& report) override;
  void pair(const rules::PairEvent& event) override;
  void note_rule(uint32_t rule);
  void note_stamp(std::optional<int64_t> told);
  std::optional<uint64_t> own_cpu(const rules::PairEvent& event);
  void keep_unmatched(std::string_view text);
  void take_tally(TaskBatch& batch);

  const std::string log_;
  const uint64_t cgroup_id_;
  rules::RuleSet rules_;
  rules::Pairs pairs_;
  rules::Tally tally_;
  const Present& present_;
  ContainerCosts* const costs_;
  const std::vector<int64_t> bounds_;
  model::LogPosition position_;
  model::LogCounts counts_;        ///< since the last batch
  std::optional<int64_t> latest_;  ///< the latest time that a line told
  std::optional<int64_t> last_stamp_;
  std::array<logs::Flushes, 2> flushes_;  ///< of the streams
  /// A task that has begun in a thread that could be looked at.
  struct Begun {
    kernel::ContainerThreads::Time time;
    int64_t told_at = 0;  ///< by the log
    int64_t late_by = 0;  ///< the look, or what it saw
  };
  kernel::ContainerThreads* const threads_;
  std::unordered_map<std::string, Begun> begun_;  ///< by rule and id
  std::optional<uint64_t> own_cpu_;               ///< of the task that ends with the line at hand
  bool stamped_ = false;                          ///< a task of the line at hand has its time from the engine's stamp
  bool coarse_ = false;
  Seen seen_;
  struct RuleLines {
    uint64_t taken = 0;  ///< since they were told
    uint64_t last = 0;   ///< the number of the last one
  };
  std::vector<RuleLines> lines_of_rules_;
  std::vector<std::string> unmatched_;  ///< a ring
  size_t next_unmatched_ = 0;
  bool new_unmatched_ = false;
  bool had_tasks_ = false;
};

}  // namespace benchd::daemon
