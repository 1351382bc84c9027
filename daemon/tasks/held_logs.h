#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "collectors/tasks/logs/follower.h"

namespace benchd::daemon {

/// Logs that are kept open, and not read, until somebody says which rules are for them: `docker run --rm` removes a
/// log before its container's name is known.
class HeldLogs {
 public:
  /// The follower outlives this.
  explicit HeldLogs(logs::Follower& follower) : follower_(follower) {}

  void hold(logs::LogSpec spec, const model::LogPosition& from, base::Instant now);
  bool holds(const std::string& log) const { return held_.contains(log); }
  /// It is held, and there is something in it to read from.
  bool has_open(const std::string& log) const;

  /// It is wanted, and read from now on; nothing if it is not held.
  std::optional<logs::LogHandle> release(const std::string& log);
  /// Nobody wants it.
  void let_go(const std::string& log);
  /// A log whose container nobody has told of for a minute is nobody's.
  void let_go_of_old(base::Instant now);

 private:
  struct Held {
    logs::LogHandle handle = 0;
    base::Instant since = 0;
  };

  logs::Follower& follower_;
  std::map<std::string, Held> held_;  ///< by log
};

}  // namespace benchd::daemon
