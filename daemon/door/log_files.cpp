#include "daemon/door/log_files.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "base/file.h"
#include "base/text.h"

namespace benchd::daemon {
namespace {

using base::Error;
using base::Fd;
using base::LogFolder;
using base::LogHome;
using base::Result;

constexpr uint64_t kPlace = O_PATH | O_CLOEXEC;
constexpr size_t kDockerId = 64;

std::string joined(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) text += part;
  return text;
}

bool is_one_component(std::string_view name) {
  return !name.empty() && name.size() <= 255 && name != "." && name != ".." &&
         name.find('/') == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

bool is_docker_id(std::string_view name) {
  return name.size() == kDockerId && name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Error refused(int code, const LogFolder& folder, std::string_view file = {}) {
  return {.code = code, .attempt = joined({"open the log ", folder.name, file.empty() ? "" : "/", file})};
}

/// O_PATH: a place in the file system, nothing is opened that could notice.
Result<Fd> place_at(int directory, const std::string& path, uint64_t flags, uint64_t resolve) {
  open_how how{};
  how.flags = kPlace | flags;
  how.resolve = resolve;
  Fd fd(static_cast<int>(::syscall(SYS_openat2, directory, path.c_str(), &how, sizeof how)));
  if (!fd) return base::errno_error("open " + path);
  return fd;
}

/// The part of a glob's folder that has no wildcard: what the administrator named himself.
std::string_view literal_part(std::string_view folder_glob) {
  const size_t wildcard = folder_glob.find_first_of("*?[\\");
  if (wildcard == std::string_view::npos) return folder_glob;
  return folder_glob.substr(0, folder_glob.rfind('/', wildcard));
}

/// A folder of the host, if one of the globs has files in it. Links are followed in what the administrator spelled
/// out, not in what a wildcard stands for.
Result<Fd> host_folder(const DoorPaths& paths, const LogFolder& folder) {
  const std::string& name = folder.name;
  if (!name.starts_with('/') || name.find("/../") != std::string::npos || name.ends_with("/..") ||
      name.find('\0') != std::string::npos)
    return refused(EINVAL, folder);
  for (const std::string& glob : paths.log_files) {
    const size_t slash = glob.rfind('/');
    if (slash == std::string::npos) continue;
    const std::string folder_glob = slash == 0 ? "/" : glob.substr(0, slash);
    if (::fnmatch(folder_glob.c_str(), name.c_str(), FNM_PATHNAME) != 0) continue;
    const std::string literal(literal_part(folder_glob));
    auto start = place_at(AT_FDCWD, literal.empty() ? "/" : literal, O_DIRECTORY, RESOLVE_NO_MAGICLINKS);
    if (!start.ok() || literal.size() >= name.size()) return start;
    return place_at(start->get(), "." + name.substr(literal.size()), O_DIRECTORY,
                    RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
  }
  return refused(EPERM, folder);
}

/// Whether the process is in this cgroup, or below it, at this moment.
bool is_in_cgroup(const DoorPaths& paths, pid_t pid, const std::string& cgroup) {
  base::ReadBuffer buffer;
  auto text = base::read_file(AT_FDCWD, joined({paths.proc, "/", std::to_string(pid), "/cgroup"}).c_str(), buffer);
  while (!text.text.empty()) {
    std::string_view line = base::cut(text.text, '\n');
    if (!line.starts_with("0::")) continue;
    line.remove_prefix(3);
    return line == cgroup || (line.starts_with(cgroup) && line[cgroup.size()] == '/');
  }
  return false;
}

/// The root that the container's processes see. The pid may have been given to somebody else since it was told: it is
/// looked at after the root was opened, and the root opened is then this container's.
Result<Fd> container_root(const DoorPaths& paths, const LogFolder& folder) {
  if (folder.pid <= 0 || folder.cgroup.size() < 2 || !folder.name.starts_with('/') ||
      folder.name.find('\0') != std::string::npos)
    return refused(EINVAL, folder);
  const std::string root = joined({paths.proc, "/", std::to_string(folder.pid), "/root"});
  auto opened = place_at(AT_FDCWD, root, O_DIRECTORY, 0);
  if (opened.ok() && !is_in_cgroup(paths, folder.pid, folder.cgroup)) return refused(ENOENT, folder);
  return opened;
}

/// Where a path inside a container leads, with links resolved as the container's own processes would, but none of
/// /proc's: /proc/self/root and its like lead out.
Result<Fd> place_in_container(const DoorPaths& paths, const LogFolder& folder, const std::string& path,
                              uint64_t flags) {
  auto root = container_root(paths, folder);
  if (!root.ok()) return root;
  return place_at(root->get(), path, flags, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

/// The first root that has `below`; nothing on the way may be a link, for those who write there are not asked.
Result<Fd> folder_below(const std::vector<std::string>& roots, const std::string& below) {
  Error worst{.code = ENOENT, .attempt = "find " + below};
  for (const std::string& root : roots) {
    const auto start = place_at(AT_FDCWD, root, O_DIRECTORY, RESOLVE_NO_MAGICLINKS);
    auto place = start.ok() ? place_at(start->get(), below, O_DIRECTORY, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS)
                            : Result<Fd>(start.error());
    if (place.ok()) return place;
    if (place.error().code != ENOENT) worst = place.error();
  }
  return worst;
}

std::vector<std::string> matches_of(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> paths;
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  return paths;
}

Result<Fd> pod_folder(const DoorPaths& paths, const LogFolder& folder) {
  if (folder.name.empty()) return folder_below({paths.pods}, ".");
  std::string_view container = folder.name;
  const std::string_view pod = base::cut(container, '/');
  if (!is_one_component(pod) || !is_one_component(container)) return refused(EINVAL, folder);
  return folder_below({paths.pods}, folder.name);
}

/// Each containerd has a folder of nerdctl's with its namespaces, and those have the containers.
Result<Fd> nerdctl_folder(const DoorPaths& paths, const LogFolder& folder) {
  if (!is_docker_id(folder.name)) return refused(EINVAL, folder);
  for (const std::string& found : matches_of(joined({paths.nerdctl, "/*/containers/*/", folder.name})))
    return folder_below({paths.nerdctl}, found.substr(paths.nerdctl.size() + 1));
  return refused(ENOENT, folder);
}

Result<Fd> place_of_folder(const DoorPaths& paths, const LogFolder& folder) {
  switch (folder.home) {
    case LogHome::Docker:
      if (folder.name.empty()) return folder_below(paths.docker_roots, "containers");
      if (!is_docker_id(folder.name)) return refused(EINVAL, folder);
      return folder_below(paths.docker_roots, "containers/" + folder.name);
    case LogHome::Pod:
      return pod_folder(paths, folder);
    case LogHome::Storage:
      if (!is_safe_id(folder.name)) return refused(EINVAL, folder);
      return folder_below(paths.container_storages, joined({"overlay-containers/", folder.name, "/userdata"}));
    case LogHome::Nerdctl:
      return nerdctl_folder(paths, folder);
    case LogHome::Host:
      return host_folder(paths, folder);
    case LogHome::Container:
      return place_in_container(paths, folder, folder.name, O_DIRECTORY);
  }
  return refused(EINVAL, folder);
}

/// What a home has beside logs (config.v2.json with the container's environment, for one) stays closed.
bool is_log_of(const LogFolder& folder, std::string_view file) {
  if (!is_one_component(file)) return false;
  if (folder.home == LogHome::Docker || folder.home == LogHome::Nerdctl)
    return !folder.name.empty() && file.starts_with(folder.name + "-json.log");
  if (folder.home == LogHome::Storage) return file.starts_with("ctr.log");
  return folder.home != LogHome::Pod || !folder.name.empty();
}

/// A container may mount what it likes, and a read there may never come back (FUSE, network) or tell what is no
/// file (/proc/kmsg is a "regular file").
bool is_ordinary_file_system(int fd) {
  constexpr std::array<uint32_t, 7> kOrdinary = {
      EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC,  BTRFS_SUPER_MAGIC, OVERLAYFS_SUPER_MAGIC,
      TMPFS_MAGIC,      F2FS_SUPER_MAGIC, 0x2fc12fc1 /* ZFS */};
  struct statfs about {};
  return ::fstatfs(fd, &about) == 0 &&
         std::find(kOrdinary.begin(), kOrdinary.end(), static_cast<uint32_t>(about.f_type)) != kOrdinary.end();
}

Result<Fd> reopened(const Fd& place, int flags, const LogFolder& folder, std::string_view file = {}) {
  Fd fd(::open(joined({"/proc/self/fd/", std::to_string(place.get())}).c_str(), O_RDONLY | O_CLOEXEC | flags));
  if (!fd) return refused(errno, folder, file);
  return fd;
}

}  // namespace

Result<Fd> open_folder_of_logs(const DoorPaths& paths, const LogFolder& folder) {
  const auto place = place_of_folder(paths, folder);
  if (!place.ok()) return place.error();
  if (folder.home == LogHome::Container && !is_ordinary_file_system(place->get())) return refused(ENOTSUP, folder);
  return reopened(*place, O_DIRECTORY, folder);
}

Result<Fd> open_log_file(const DoorPaths& paths, const LogFolder& folder, std::string_view file) {
  if (!is_log_of(folder, file)) return refused(EINVAL, folder, file);
  Result<Fd> place = refused(ENOENT, folder, file);
  if (folder.home == LogHome::Container) {
    place = place_in_container(paths, folder, joined({folder.name, "/", file}), 0);
  } else {
    const auto directory = place_of_folder(paths, folder);
    if (!directory.ok()) return directory.error();
    place = place_at(directory->get(), std::string(file), O_NOFOLLOW, RESOLVE_BENEATH);
  }
  if (!place.ok()) return place;

  struct stat about {};
  if (::fstat(place->get(), &about) != 0) return refused(errno, folder, file);
  if (S_ISLNK(about.st_mode)) return refused(ELOOP, folder, file);
  if (!S_ISREG(about.st_mode)) return refused(EINVAL, folder, file);
  if (folder.home == LogHome::Container && !is_ordinary_file_system(place->get()))
    return refused(ENOTSUP, folder, file);
  // Somebody's lease on the file would make the open wait: O_NONBLOCK.
  return reopened(*place, O_NONBLOCK | O_NOCTTY, folder, file);
}

std::vector<std::string> configured_files(const DoorPaths& paths) {
  std::vector<std::string> files;
  for (const std::string& glob : paths.log_files) {
    const auto matches = matches_of(glob);
    files.insert(files.end(), matches.begin(), matches.end());
  }
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  return files;
}

}  // namespace benchd::daemon
