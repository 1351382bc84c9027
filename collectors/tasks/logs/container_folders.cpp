#include "collectors/tasks/logs/container_folders.h"

#include <algorithm>
#include <cstring>

#include <sys/inotify.h>
#include <unistd.h>

#include "collectors/tasks/logs/siblings.h"

namespace benchd::logs {
namespace {

constexpr uint32_t kEvents = IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM | IN_ONLYDIR;

/// Docker makes a folder under its id and removes it so; podman and others have no business there.
bool is_id(std::string_view name) {
  return name.size() == 64 && name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

ContainerFolders::ContainerFolders(base::Door& door)
    : door_(door), inotify_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {}

void ContainerFolders::watch() {
  const auto folder = door_.open_log_folder({.home = base::LogHome::Docker, .name = ""});
  if (!inotify_ || !folder.ok()) return;
  const int watch =
      ::inotify_add_watch(inotify_.get(), ("/proc/self/fd/" + std::to_string(folder->get())).c_str(), kEvents);
  if (watch_ >= 0 && watch != watch_) ::inotify_rm_watch(inotify_.get(), watch_);
  watch_ = watch;
}

void ContainerFolders::note(const std::string& id, bool made, std::vector<Change>& changes) {
  if (made ? known_.insert(id).second : known_.erase(id) > 0) changes.push_back({id, made});
}

std::vector<ContainerFolders::Change> ContainerFolders::dispatch() {
  std::vector<Change> changes;
  alignas(inotify_event) char events[16384];
  for (;;) {
    const ssize_t got = inotify_ ? ::read(inotify_.get(), events, sizeof events) : -1;
    if (got <= 0) return changes;
    for (ssize_t at = 0; at < got;) {
      inotify_event event;
      std::memcpy(&event, events + at, sizeof event);
      if ((event.mask & IN_Q_OVERFLOW) != 0) {
        const auto swept = sweep();
        changes.insert(changes.end(), swept.begin(), swept.end());
      } else if (event.len > 0 && is_id(events + at + sizeof event)) {
        note(events + at + sizeof event, (event.mask & (IN_CREATE | IN_MOVED_TO)) != 0, changes);
      }
      at += static_cast<ssize_t>(sizeof event + event.len);
    }
  }
}

std::vector<ContainerFolders::Change> ContainerFolders::sweep() {
  watch();  // first: what is made after the look is told by an event
  std::vector<Change> changes;
  auto folder = door_.open_log_folder({.home = base::LogHome::Docker, .name = ""});
  if (!folder.ok() && folder.error().code != ENOENT) return changes;
  std::unordered_set<std::string> there;
  if (folder.ok())
    for (std::string& name : names_in(std::move(*folder)))
      if (is_id(name)) there.insert(std::move(name));
  for (const std::string& id : there)
    if (!known_.contains(id)) changes.push_back({id, true});
  for (const std::string& id : known_)
    if (!there.contains(id)) changes.push_back({id, false});
  known_ = std::move(there);
  return changes;
}

}  // namespace benchd::logs
