#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "collectors/tasks/logs/followed.h"
#include "daemon/tasks/log_tasks.h"
#include "model/status.h"

namespace benchd::daemon {

/// What keeps the tasks in logs from being counted, or from telling all that they could, in words for the user.
class LogStates {
 public:
  /// A rule or a log cannot be used. Stays; replaces what was said of the same subject.
  void note(model::State state);

  /// As of now. A log is called by its container's name where there is one.
  struct Look {
    const std::string& log;
    const std::string& container;
    const logs::LogStatus& status;
    const LogTasks& tasks;
  };
  void begin(base::Instant now);
  void look(const Look& look);

  /// Whether all that rules are for was read at the last look.
  bool all_read() const { return standing_.empty() && troubles_.empty(); }
  std::vector<model::State> all() const;

 private:
  void remark(model::State state);
  void note_absence(const Look& look);

  struct Remark {
    model::State state;
    base::Instant until = 0;
  };
  base::Instant now_ = 0;
  std::vector<model::State> standing_;
  std::vector<model::State> troubles_;  ///< of logs, as of the last look
  /// By subject. Somebody must have the time to see them: the container may live for seconds.
  std::map<std::string, Remark> remarks_;
  /// By log: since when there is nothing to read from; as of the look before the last, and the last.
  std::map<std::string, base::Instant> was_absent_;
  std::map<std::string, base::Instant> absent_;
};

}  // namespace benchd::daemon
