#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "collectors/host/mounts.h"
#include "model/host.h"

namespace benchd::host {

/// What statfs tells.
struct Space {
  uint64_t size_bytes = 0;
  uint64_t free_bytes = 0;
  uint64_t available_bytes = 0;
  uint64_t files = 0;
  uint64_t files_free = 0;
};

/// Asks the file system mounted at `path`; nothing if that is not the mount `id` (another one hides it) or it may not
/// be asked.
std::optional<Space> measure_space(const char* path, uint64_t id);

/// The space on the host's local file systems, each device once.
class Filesystems {
 public:
  using Measure = std::function<std::optional<Space>(const char* path, uint64_t id)>;
  explicit Filesystems(Measure measure = measure_space) : measure_(std::move(measure)) {}

  /// Brings `filesystems` up to the text of mountinfo, ascending by device; each at its shortest mountpoint that is not
  /// hidden and not behind one that may hang.
  void update(std::string_view mountinfo, std::vector<model::HostFilesystem>& filesystems);

 private:
  bool reachable(const Mount& mount) const;

  Measure measure_;
  std::vector<Mount> local_;
  std::vector<std::string_view> may_hang_;
  std::string path_;
};

}  // namespace benchd::host
