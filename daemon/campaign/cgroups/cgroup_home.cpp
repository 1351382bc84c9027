#include "daemon/campaign/cgroups/cgroup_home.h"

#include <cerrno>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/subdirectories.h"
#include "base/text.h"
#include "daemon/campaign/cgroups/scope.h"

namespace benchd::campaign {
namespace {

using base::Done;
using base::Error;
using base::Result;

/// What runs are counted by and held to.
constexpr const char* kControllers[] = {"cpu", "memory", "io", "pids", "cpuset"};

/// In a scope, benchd itself.
constexpr const char* kOwnPlace = "/bench";

bool write_text(const std::string& path, const std::string& text) {
  const base::Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return fd && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

std::vector<std::string> words(const std::string& path) {
  std::vector<std::string> list;
  const auto text = base::read_text(path);
  if (!text.ok()) return list;
  for (std::string_view rest = base::trim(*text); !rest.empty();)
    if (const std::string_view word = base::cut(rest, ' '); !word.empty()) list.emplace_back(word);
  return list;
}

/// One by one: a controller that cannot be had does not cost the others.
std::vector<std::string> enable_controllers(const std::string& path) {
  for (const char* controller : kControllers)
    write_text(path + "/cgroup.subtree_control", std::string("+") + controller);
  return words(path + "/cgroup.subtree_control");
}

/// Where a path below the hierarchy's root is in the file system; nothing where this mount does not show it.
std::optional<std::string> at_mount(const cgroup::Mount& mount, std::string_view path) {
  if (!path.starts_with(mount.below)) return std::nullopt;
  path.remove_prefix(mount.below.size());
  while (path.ends_with('/')) path.remove_suffix(1);
  return mount.path + std::string(path);
}

bool is_populated(const std::string& cgroup) {
  const auto events = base::read_text(cgroup + "/cgroup.events");
  return events.ok() && events->find("populated 1") != std::string::npos;
}

/// Scopes beside `own` whose benchd was killed, but not what its runs had left in the background. One that has just
/// begun has its process in the scope itself.
void stop_leftovers(const std::string& own) {
  const std::string parent = own.substr(0, own.rfind('/'));
  std::vector<std::string> left;
  if (const auto fd = base::open_directory(AT_FDCWD, parent.c_str()); fd.ok()) {
    alignas(dirent64) char buffer[4096];
    base::for_each_subdirectory(fd->get(), buffer, sizeof buffer, [&](const char* name) {
      const std::string path = parent + '/' + name;
      const auto inside = base::read_text(path + "/cgroup.procs");
      if (std::string_view(name).starts_with(kHomePrefix) && path != own && inside.ok() && inside->empty() &&
          ::access((path + kOwnPlace).c_str(), F_OK) == 0 && !is_populated(path + kOwnPlace))
        left.emplace_back(name);
    });
  }
  for (const std::string& unit : left) stop_unit(unit, ::geteuid() != 0);
}

/// Where one has processes of its own its children get no controllers: benchd moves to a child beside the runs.
Result<std::string> scope_home(const CgroupHome::Options& options, const cgroup::Mount& mount) {
  auto path = enter_scope(kHomePrefix + options.name, options.proc);
  if (!path.ok()) return path;
  const auto home = at_mount(mount, *path);
  if (!home) return Error{.code = ENOENT, .attempt = "find " + *path + " below " + mount.path};
  const std::string own = *home + kOwnPlace;
  if (::mkdir(own.c_str(), 0755) != 0) return base::errno_error("make the cgroup " + own);
  if (!write_text(own + "/cgroup.procs", std::to_string(::getpid()))) return base::errno_error("move to " + own);
  stop_leftovers(*home);
  return *home;
}

struct Directory {
  std::string path;
  base::Fd lock;
};

/// Nothing where another process has it.
std::optional<base::Fd> lock(const std::string& path) {
  auto fd = base::open_directory(AT_FDCWD, path.c_str());
  if (!fd.ok() || ::flock(fd->get(), LOCK_EX | LOCK_NB) != 0) return std::nullopt;
  return *std::move(fd);
}

/// Of processes that were killed, whichever campaign they were at.
Result<Done> clear_leftovers(const std::string& parent) {
  std::vector<std::string> homes;
  if (const auto fd = base::open_directory(AT_FDCWD, parent.c_str()); fd.ok()) {
    alignas(dirent64) char buffer[4096];
    base::for_each_subdirectory(fd->get(), buffer, sizeof buffer, [&](const char* name) {
      if (std::string_view(name).starts_with(kHomePrefix)) homes.push_back(parent + '/' + name);
    });
  }
  for (const std::string& home : homes)
    if (const auto mine = lock(home); mine)
      if (auto cleared = clear_cgroup(home); !cleared.ok()) return cleared;
  return Done{};
}

/// Another process that clears up may take it for a leftover before it is locked. Nothing: errno tells why.
std::optional<base::Fd> make_locked(const std::string& home) {
  constexpr int kTries = 100;
  for (int i = 0; i < kTries; ++i) {
    if (::mkdir(home.c_str(), 0755) != 0 && errno != EEXIST) return std::nullopt;
    auto mine = lock(home);
    struct stat locked {};
    struct stat there {};
    const bool same = mine && ::fstat(mine->get(), &locked) == 0 && ::stat(home.c_str(), &there) == 0 &&
                      locked.st_ino == there.st_ino;
    if (same) return mine;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  errno = EBUSY;
  return std::nullopt;
}

Result<Directory> directory_home(const CgroupHome::Options& options, const cgroup::Mount& mount) {
  std::vector<std::string> parents;
  if (const auto own = own_cgroup(options.proc); own.ok())
    if (const auto path = at_mount(mount, *own)) parents.push_back(*path);
  if (parents.empty() || parents.back() != mount.path) parents.push_back(mount.path);
  Error error;
  for (const std::string& parent : parents) {
    if (auto cleared = clear_leftovers(parent); !cleared.ok()) return cleared.error();
    std::string home = parent + '/' + kHomePrefix + options.name;
    if (auto mine = make_locked(home)) return Directory{std::move(home), *std::move(mine)};
    error = base::errno_error("make the cgroup " + home);
  }
  return error;
}

Error refusal(const Error& why, bool systemd) {
  std::string cure = ::geteuid() == 0 ? "mount cgroup2 for writing (mount -o remount,rw /sys/fs/cgroup)"
                     : systemd        ? "log in with a session of your own (loginctl enable-linger), or run it as root"
                                      : "run it as root";
  return {why.code, "no cgroup for the runs, without which nothing can be counted: " + cure + "; " + why.attempt};
}

}  // namespace

CgroupHome::CgroupHome(std::string path, std::string scope, base::Fd lock, cgroup::Mount mount)
    : path_(std::move(path)),
      scope_(std::move(scope)),
      mount_(std::move(mount)),
      controllers_(enable_controllers(path_)),
      lock_(std::move(lock)) {}

CgroupHome::~CgroupHome() {
  if (!lock_) return;
  // NOLINTBEGIN(bugprone-unused-return-value): the next campaign here clears it
  (void)clear_cgroup(path_);
  lock_.reset();
  (void)clear_leftovers(path_.substr(0, path_.rfind('/')));
  // NOLINTEND(bugprone-unused-return-value)
}

Result<CgroupHome> CgroupHome::make(const Options& options) {
  auto mount = cgroup::find_mount(options.mount);
  if (!mount.ok()) return mount.error();
  const bool systemd = ::access(options.systemd.c_str(), F_OK) == 0;
  if (systemd) {
    auto home = scope_home(options, *mount);
    if (home.ok()) {
      std::string unit = home->substr(home->rfind('/') + 1);
      return CgroupHome(*std::move(home), std::move(unit), base::Fd(), *std::move(mount));
    }
    if (::geteuid() != 0) return refusal(home.error(), systemd);
  }
  auto home = directory_home(options, *mount);
  if (!home.ok()) return refusal(home.error(), systemd);
  return CgroupHome(std::move(home->path), {}, std::move(home->lock), *std::move(mount));
}

}  // namespace benchd::campaign
