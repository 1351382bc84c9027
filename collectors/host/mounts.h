#pragma once

#include <optional>
#include <string_view>

#include "model/reading.h"

namespace benchd::host {

/// One line of /proc/PID/mountinfo (proc.rst 3.5):
/// "36 35 98:0 /root /mountpoint rw,noatime shared:1 - ext4 /dev/vda1 rw,errors=continue". The views are into the line,
/// with the kernel's escapes (base/octal_escapes.h).
struct Mount {
  uint64_t id = 0;
  model::Device device;
  std::string_view mountpoint;
  std::string_view type;
  std::string_view source;
  /// The file system's own flag, not the mount's: a service manager mounts read-only for its services what is not.
  bool read_only = false;
};

std::optional<Mount> parse_mount(std::string_view line);

/// Space on it is a block device's own, or a ZFS pool's: ext4, xfs, btrfs, … Not images (squashfs), which are always
/// full, and nothing that may ask another machine or process.
bool is_local(const Mount& mount);

/// Touching a path at or below it may wait for another machine or process for ever (NFS, FUSE, …), or mount something
/// (autofs).
bool may_hang(const Mount& mount);

/// Whether `path` is `directory` or below it.
bool is_at_or_below(std::string_view path, std::string_view directory);

}  // namespace benchd::host
