#pragma once

#include <map>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "collectors/tasks/rules/rule.h"
#include "daemon/tasks/log_states.h"
#include "daemon/tasks/log_tasks.h"
#include "daemon/tasks/rule_uses.h"
#include "model/log.h"
#include "model/status.h"

namespace benchd::daemon {

/// What the tasks' thread has to say of logs and rules beside what they count: how the reading goes, which lines no
/// rule took, and what became of the rules. That thread writes it, any thread reads what was published last.
class LogReport {
 public:
  explicit LogReport(std::span<const rules::Rule> rules);

  struct Status {
    model::CollectorStatus collector;
    std::vector<model::State> states;
  };
  Status status() const;
  /// The last lines that no rule took, of each log that is read.
  std::vector<model::UnmatchedLines> unmatched() const;
  /// What became of the configuration's rules, in its order.
  std::vector<model::RuleUse> rule_uses() const;

  /// From here on for the tasks' thread alone. See LogStates::note.
  void note(model::State state) { states_.note(std::move(state)); }
  void began(const LogTasks& log) { uses_.began(log.rules()); }
  void ended(LogTasks& log);
  /// Between these each log that is read is looked at. `of_all`: what keeps all logs from being read as they should.
  void begin(base::Instant now) { states_.begin(now); }
  void look(LogTasks& log, const std::string& container, const logs::LogStatus& status);
  void publish(const std::optional<model::State>& of_all);

 private:
  LogStates states_;
  RuleUses uses_;
  mutable std::mutex mutex_;  ///< guards the rest
  Status published_{.collector = {.collector = "tasks", .success = true}, .states = {}};
  std::map<std::string, model::UnmatchedLines> unmatched_;  ///< by log
  std::vector<model::RuleUse> published_uses_;
};

}  // namespace benchd::daemon
