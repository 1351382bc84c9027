#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include "base/door.h"
#include "base/fd.h"

namespace benchd::logs {

/// Tells of Docker's containers by the folders that dockerd makes for them, before anybody knows more than their id: a
/// log that is opened then is read to its end even if `docker run --rm` has removed it at once. One thread.
class ContainerFolders {
 public:
  struct Change {
    std::string id;
    bool made = true;  ///< false: removed
    friend bool operator==(const Change&, const Change&) = default;
  };

  /// Finds nothing before the first sweep().
  explicit ContainerFolders(base::Door& door);

  /// Readable when there is something to dispatch; -1 if no inotify instance was to be had.
  int fd() const { return inotify_.get(); }

  /// What changed since the last call, in order.
  std::vector<Change> dispatch();

  /// Compares all folders there are with those that are known. To be called at the start and now and then: without
  /// inotify, or before dockerd is installed, it is all there is.
  std::vector<Change> sweep();

 private:
  void watch();
  void note(const std::string& id, bool made, std::vector<Change>& changes);

  base::Door& door_;
  base::Fd inotify_;
  int watch_ = -1;
  std::unordered_set<std::string> known_;
};

}  // namespace benchd::logs
