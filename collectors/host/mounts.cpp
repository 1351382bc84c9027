#include "collectors/host/mounts.h"

#include <algorithm>

#include "base/text.h"

namespace benchd::host {

std::optional<Mount> parse_mount(std::string_view line) {
  Mount mount;
  const auto id = base::parse_integer(base::cut(line, ' '));
  base::cut(line, ' ');  // parent
  std::string_view device = base::cut(line, ' ');
  const auto major = base::parse_integer<uint32_t>(base::cut(device, ':'));
  const auto minor = base::parse_integer<uint32_t>(device);
  base::cut(line, ' ');  // root
  mount.mountpoint = base::cut(line, ' ');
  const size_t separator = line.find(" - ");  // after any number of optional fields
  if (!id || !major || !minor || mount.mountpoint.empty() || separator == std::string_view::npos) return std::nullopt;
  line.remove_prefix(separator + 3);
  mount.id = *id;
  mount.device = {*major, *minor};
  mount.type = base::cut(line, ' ');
  mount.source = base::cut(line, ' ');
  mount.read_only = base::cut(line, ',') == "ro";
  return mount;
}

bool is_local(const Mount& mount) {
  if (mount.type == "zfs") return true;
  constexpr std::string_view kImages[] = {"squashfs", "iso9660", "erofs", "cramfs", "udf"};
  return mount.source.starts_with("/dev/") && !may_hang(mount) &&
         std::find(std::begin(kImages), std::end(kImages), mount.type) == std::end(kImages) && mount.type != "devtmpfs";
}

bool may_hang(const Mount& mount) {
  constexpr std::string_view kRemote[] = {"9p",   "afs",   "autofs",   "beegfs", "ceph",  "cifs",
                                          "coda", "gfs2",  "gpfs",     "lustre", "ncpfs", "nfs",
                                          "nfs4", "ocfs2", "orangefs", "smb3",   "smbfs", "virtiofs"};
  return mount.type.starts_with("fuse") ||
         std::find(std::begin(kRemote), std::end(kRemote), mount.type) != std::end(kRemote);
}

bool is_at_or_below(std::string_view path, std::string_view directory) {
  return path.starts_with(directory) &&
         (directory == "/" || path.size() == directory.size() || path[directory.size()] == '/');
}

}  // namespace benchd::host
