#include "collectors/network/process.h"

#include <memory>
#include <string>

#include <dirent.h>
#include <fcntl.h>

#include "base/text.h"

namespace benchd::network {
namespace {

constexpr int kMaxDirectories = 64;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

/// Visits the process numbers in the cgroup with this directory.
template <class Visit>
void look_into(int dirfd, base::ReadBuffer& buffer, const Visit& visit) {
  // A threaded cgroup answers EOPNOTSUPP: its processes are those of an ancestor.
  std::string_view rest = base::read_file(dirfd, "cgroup.procs", buffer).text;
  while (!rest.empty()) {
    if (const auto pid = base::parse_integer<pid_t>(base::cut(rest, '\n'))) visit(*pid);
  }
}

/// The same for every cgroup below it, as long as there are directories left in the budget.
template <class Visit>
void look_below(base::Fd fd, int& budget, base::ReadBuffer& buffer, const Visit& visit) {
  const Directory directory(::fdopendir(fd.get()));
  if (!directory) return;
  const int dirfd = fd.release();  // the DIR owns it now
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (entry->d_type != DT_DIR || name == "." || name == "..") continue;
    if (--budget < 0) return;
    base::Fd child(::openat(dirfd, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!child) continue;
    look_into(child.get(), buffer, visit);
    look_below(std::move(child), budget, buffer, visit);
  }
}

base::Result<base::Fd> open_cgroup(std::string_view cgroup_root, std::string_view path) {
  return base::open_directory(AT_FDCWD, std::string(cgroup_root).append(path).c_str());
}

}  // namespace

bool is_in_namespace(std::string_view below) {
  return below != "/.." && !below.starts_with("/../");
}

bool names_cgroup(std::string_view proc_cgroup, std::string_view path, std::string_view below) {
  while (!proc_cgroup.empty()) {
    std::string_view line = base::cut(proc_cgroup, '\n');
    if (!line.starts_with("0::")) continue;
    line.remove_prefix(3);
    if (!line.starts_with(below)) return false;
    line.remove_prefix(below.size());
    if (path == "/") return true;
    return line.starts_with(path) && (line.size() == path.size() || line[path.size()] == '/');
  }
  return false;
}

ProcessSearch first_process(std::string_view cgroup_root, std::string_view path, base::ReadBuffer& buffer) {
  ProcessSearch found;
  const auto keep_lowest = [&found](pid_t pid) {
    if (pid == 0) found.hidden = true;
    if (pid > 0 && (found.pid == 0 || pid < found.pid)) found.pid = pid;
  };
  auto fd = open_cgroup(cgroup_root, path);
  if (!fd) return found;
  look_into(fd->get(), buffer, keep_lowest);
  int budget = kMaxDirectories;
  if (found.pid == 0) look_below(*std::move(fd), budget, buffer, keep_lowest);
  return found;
}

bool lists_process(std::string_view cgroup_root, std::string_view path, pid_t pid, base::ReadBuffer& buffer) {
  bool listed = false;
  const auto compare = [&listed, pid](pid_t other) { listed |= other == pid; };
  auto fd = open_cgroup(cgroup_root, path);
  if (!fd) return false;
  look_into(fd->get(), buffer, compare);
  int budget = kMaxDirectories;
  if (!listed) look_below(*std::move(fd), budget, buffer, compare);
  return listed;
}

}  // namespace benchd::network
