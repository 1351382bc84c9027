#include "collectors/host/filesystems.h"

#include <algorithm>
#include <tuple>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/fd.h"
#include "base/octal_escapes.h"
#include "base/text.h"

namespace benchd::host {

std::optional<Space> measure_space(const char* path, uint64_t id) {
  // O_PATH opens without asking the file system; what is asked afterwards is then the mount that was checked.
  const base::Fd fd(::open(path, O_PATH | O_CLOEXEC | O_NOFOLLOW));
  struct statx mounted = {};
  if (!fd || ::statx(fd.get(), "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, &mounted) != 0)
    return std::nullopt;
  if ((mounted.stx_mask & STATX_MNT_ID) == 0 || mounted.stx_mnt_id != id) return std::nullopt;
  struct statvfs space = {};
  if (::fstatvfs(fd.get(), &space) != 0) return std::nullopt;
  return Space{.size_bytes = space.f_blocks * space.f_frsize,
               .free_bytes = space.f_bfree * space.f_frsize,
               .available_bytes = space.f_bavail * space.f_frsize,
               .files = space.f_files,
               .files_free = space.f_ffree};
}

bool Filesystems::reachable(const Mount& mount) const {
  return std::none_of(may_hang_.begin(), may_hang_.end(),
                      [&](std::string_view directory) { return is_at_or_below(mount.mountpoint, directory); });
}

void Filesystems::update(std::string_view mountinfo, std::vector<model::HostFilesystem>& filesystems) {
  local_.clear();
  may_hang_.clear();
  while (!mountinfo.empty()) {
    const auto mount = parse_mount(base::cut(mountinfo, '\n'));
    if (!mount) continue;
    if (may_hang(*mount)) may_hang_.push_back(mount->mountpoint);
    if (is_local(*mount)) local_.push_back(*mount);
  }
  std::sort(local_.begin(), local_.end(), [](const Mount& a, const Mount& b) {
    return std::tuple(a.device, a.mountpoint.size(), a.mountpoint, a.id) <
           std::tuple(b.device, b.mountpoint.size(), b.mountpoint, b.id);
  });

  size_t count = 0;
  for (const Mount& mount : local_) {
    if (count > 0 && filesystems[count - 1].device == mount.device) continue;
    if (!reachable(mount)) continue;
    base::undo_octal_escapes(mount.mountpoint, path_);
    const auto space = measure_(path_.c_str(), mount.id);
    if (!space) continue;
    if (count == filesystems.size()) filesystems.emplace_back();
    model::HostFilesystem& filesystem = filesystems[count++];  // written over, for its strings' memory
    filesystem.device = mount.device;
    filesystem.mountpoint = path_;
    base::undo_octal_escapes(mount.source, filesystem.source);
    filesystem.type = mount.type;
    filesystem.read_only = mount.read_only;
    filesystem.size_bytes = space->size_bytes;
    filesystem.free_bytes = space->free_bytes;
    filesystem.available_bytes = space->available_bytes;
    const bool numbered = space->files > 0;  // btrfs and vfat make inodes as they go
    filesystem.files = numbered ? std::optional(space->files) : std::nullopt;
    filesystem.files_free = numbered ? std::optional(space->files_free) : std::nullopt;
  }
  filesystems.resize(count);
}

}  // namespace benchd::host
