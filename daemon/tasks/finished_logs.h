#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/door.h"
#include "collectors/tasks/logs/followed.h"

namespace benchd::daemon {

/// Logs that are read to their end. Their container may be started again and go on with them, so how far they were read
/// must be known until it is removed, and no longer.
class FinishedLogs {
 public:
  /// The door outlives this.
  explicit FinishedLogs(base::Door& door) : door_(door) {}

  /// The folder that is there as long as the log's container; nothing where none can be seen. To be asked while the
  /// container lives.
  std::optional<base::LogFolder> lifetime_of(const logs::LogSpec& spec) const;
  bool is_gone(const std::optional<base::LogFolder>& lifetime) const;

  void add(const std::string& log, std::optional<base::LogFolder> lifetime, uint64_t cgroup_id);
  /// It is read again.
  void forget(const std::string& log) { logs_.erase(log); }

  /// The cgroup id of its container, if that is removed now; it is forgotten here then.
  std::optional<uint64_t> take_gone(const std::string& log);
  /// All of which that is so.
  std::vector<std::pair<std::string, uint64_t>> take_gone();

 private:
  struct Finished {
    std::optional<base::LogFolder> lifetime;
    uint64_t cgroup_id = 0;
  };

  base::Door& door_;
  std::map<std::string, Finished> logs_;  ///< by log
};

}  // namespace benchd::daemon
