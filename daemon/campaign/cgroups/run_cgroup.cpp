#include "daemon/campaign/cgroups/run_cgroup.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

namespace benchd::campaign {
namespace {

using base::Done;
using base::Fd;
using base::Result;

constexpr auto kPatience = std::chrono::seconds(10);
constexpr auto kPause = std::chrono::microseconds(200);

bool write_text(int directory, const char* file, std::string_view text) {
  const Fd fd(::openat(directory, file, O_WRONLY | O_CLOEXEC));
  return fd && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

void kill_each(int directory) {
  base::ReadBuffer buffer;
  const base::FileText text = base::read_file(directory, "cgroup.procs", buffer);
  for (std::string_view rest = text.text; !rest.empty();)
    if (const auto pid = base::parse_integer<pid_t>(base::cut(rest, '\n'))) ::kill(*pid, SIGKILL);
}

void kill_all(int directory) {
  if (!write_text(directory, "cgroup.kill", "1")) kill_each(directory);
}

/// A process that is dying is in its cgroup for a moment longer than its parent can tell.
Result<Done> remove_directory(const std::string& path) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (::rmdir(path.c_str()) != 0) {
    if (errno == ENOENT) break;
    if (errno != EBUSY || std::chrono::steady_clock::now() > end) return base::errno_error("remove " + path);
    std::this_thread::sleep_for(kPause);
  }
  return Done{};
}

}  // namespace

Result<RunCgroup> RunCgroup::make(const std::string& path) {
  if (::mkdir(path.c_str(), 0755) != 0) return base::errno_error("make the cgroup " + path);
  return adopt(path);
}

Result<RunCgroup> RunCgroup::adopt(const std::string& path) {
  auto directory = base::open_directory(AT_FDCWD, path.c_str());
  if (!directory.ok()) return directory.error();
  auto events = base::open_file(directory->get(), "cgroup.events");
  if (!events.ok()) return base::Error{events.error().code, "open cgroup.events in " + path};
  struct stat about {};
  if (::fstat(directory->get(), &about) != 0) return base::errno_error("look at " + path);
  return RunCgroup(path, *std::move(directory), *std::move(events), about.st_ino);
}

RunCgroup::~RunCgroup() {
  if (!directory_) return;
  kill();
  (void)remove();  // NOLINT(bugprone-unused-return-value): what is left over is cleared by whoever makes it anew
}

bool RunCgroup::populated() const {
  base::ReadBuffer buffer(256);
  const base::FileText text = base::read_fd(events_.get(), buffer);
  for (std::string_view rest = text.text; !rest.empty();)
    if (base::cut(rest, '\n') == "populated 1") return true;
  return false;
}

void RunCgroup::kill() const {
  kill_all(directory_.get());
}

Result<Done> RunCgroup::remove() {
  events_.reset();
  directory_.reset();
  // Below it there is what the run made itself, if it was let.
  auto removed = remove_directory(path_);
  return removed.ok() || removed.error().code != EBUSY ? removed : clear_cgroup(path_);
}

Result<Done> clear_cgroup(const std::string& path) {
  const auto directory = base::open_directory(AT_FDCWD, path.c_str());
  if (!directory.ok()) return directory.error().code == ENOENT ? Result<Done>(Done{}) : directory.error();
  kill_all(directory->get());
  std::error_code error;
  std::vector<std::string> below;
  for (std::filesystem::recursive_directory_iterator it(path, error), end; !error && it != end; it.increment(error))
    if (it->is_directory(error)) below.push_back(it->path());
  for (auto it = below.rbegin(); it != below.rend(); ++it) {
    if (const auto child = base::open_directory(AT_FDCWD, it->c_str()); child.ok()) kill_all(child->get());
    if (auto removed = remove_directory(*it); !removed.ok()) return removed;
  }
  return remove_directory(path);
}

}  // namespace benchd::campaign
