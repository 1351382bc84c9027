#include "collectors/cgroup/tree.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <map>
#include <utility>

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/exhausted.h"
#include "base/subdirectories.h"
#include "collectors/cgroup/parse.h"
#include "model/field.h"

namespace benchd::cgroup {

struct Tree::Node {
  Node* parent = nullptr;
  std::string name;
  uint64_t id = 0;
  int depth = 0;
  int watch = -1;
  unsigned seen = 0;  ///< the last sweep that found the name
  bool populated = false;
  std::shared_ptr<const model::Container> container;  ///< null if it is none
  std::map<std::string, std::unique_ptr<Node>, std::less<>> children;

  /// "/parent/name", as below the mount; nothing for the root.
  void append_path(std::string& path) const {
    if (parent == nullptr) return;
    parent->append_path(path);
    path += '/';
    path += name;
  }
};

namespace {

constexpr base::Instant kSweepEvery = 30 * base::kSecond;
constexpr base::Instant kBlindSweepEvery = 2 * base::kSecond;
constexpr int kMaxDepth = 64;
constexpr size_t kEventBytes = 65536;
constexpr int kReadsPerDispatch = 16;

base::Fd open_child(int directory, const char* name) {
  return base::Fd(::openat(directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

/// The inode number; 0 if there is none to be had.
uint64_t id_of(int fd) {
  struct stat info {};
  return ::fstat(fd, &info) == 0 ? info.st_ino : 0;
}

/// Root where it cannot be told.
uid_t owner_of(int fd) {
  struct stat info {};
  return ::fstat(fd, &info) == 0 ? info.st_uid : 0;
}

bool is_cold(std::string_view name) {
  const auto file = std::ranges::find(model::kFiles, name, &model::FileSpec::name);
  return file != model::kFiles.end() && file->heat == model::Heat::Cold && file->shape != model::Shape::Pids;
}

model::State inotify_state(const char* found, const char* cure) {
  return {.subject = "inotify",
          .found = found,
          .cost = "starts and ends of containers are seen up to 2 s late, shorter ones not at all",
          .cure = cure};
}

model::State open_files_state() {
  return {.subject = "open files",
          .found = "the limit is reached",
          .cost = "containers started since are not seen, and what else needs a file fails",
          .cure = "LimitNOFILE=65536 in the service, or ulimit -n 65536"};
}

}  // namespace

Tree::Tree(std::string mount_path, Classify classify)
    : mount_path_(std::move(mount_path)),
      classify_(std::move(classify)),
      inotify_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)),
      root_(std::make_unique<Node>()),
      events_(kEventBytes),
      entries_(8192) {
  if (!inotify_) {
    state_ = inotify_state("this user's inotify instances are used up",
                           "sysctl -w fs.inotify.max_user_instances=1024, then restart benchd");
  }
}

Tree::~Tree() = default;

TreeCounts Tree::counts() const {
  TreeCounts counts = counts_;
  counts.unwatched = counts.cgroups + (root_->id != 0 ? 1 : 0) - watches_.size();
  return counts;
}

void Tree::dispatch(base::Instant now, TreeListener& listener) {
  Turn turn{.now = now, .listener = listener};
  for (int reads = 0; reads < kReadsPerDispatch; ++reads) {
    const ssize_t got = ::read(inotify_.get(), events_.data(), events_.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    for (const char* at = events_.data(); at < events_.data() + got;) {
      take(at, turn);
      at += sizeof(inotify_event) + reinterpret_cast<const inotify_event*>(at)->len;
    }
  }
  if (turn.unreached && !state_) state_ = open_files_state();
  if (turn.lost) {
    ++counts_.overflows;
    sweep(now, listener);
  } else if (turn.unreached || watches_used_up_) {
    next_sweep_ = std::min(next_sweep_, now + kBlindSweepEvery);
  }
}

void Tree::take(const char* event_bytes, Turn& turn) {
  const auto* event = reinterpret_cast<const inotify_event*>(event_bytes);
  ++counts_.events;
  if ((event->mask & IN_Q_OVERFLOW) != 0) {
    turn.lost = true;
    return;
  }
  // Events of a watch that is removed may still be queued; the kernel does not use its number again.
  const auto watched = watches_.find(event->wd);
  if (watched == watches_.end() || event->len == 0) return;
  Node& node = *watched->second;
  const char* name = event_bytes + offsetof(inotify_event, name);
  if ((event->mask & IN_ISDIR) != 0) {
    const base::Fd directory = open(node, turn);
    const bool met = directory && meet(node, directory.get(), name, turn);
    if (!met && (event->mask & IN_CREATE) != 0 && !turn.unreached) note_miss(node, name);
  } else if (node.container && (event->mask & IN_MODIFY) != 0) {
    if (model::spec(model::File::CgroupEvents).name == name) {
      if (const base::Fd directory = open(node, turn)) look_at_events(node, directory.get(), true, turn);
    } else if (is_cold(name)) {
      turn.listener.changed(node.id);
    }
  }
}

void Tree::sweep(base::Instant now, TreeListener& listener) {
  Turn turn{.now = now, .listener = listener};
  ++sweeps_;
  watches_used_up_ = false;
  if (inotify_) state_.reset();
  const base::Fd directory = open_child(AT_FDCWD, mount_path_.c_str());
  if (!directory && base::means_exhausted(errno)) {
    turn.unreached = true;
  } else {
    const uint64_t id = directory ? id_of(directory.get()) : 0;
    if (root_->id != id) remove(*root_, turn);  // unmounted, or mounted anew
    root_->id = id;
    if (id != 0) compare(*root_, directory.get(), turn);
  }
  if (turn.unreached && !state_) state_ = open_files_state();
  next_sweep_ = now + (counts().unwatched > 0 || turn.unreached ? kBlindSweepEvery : kSweepEvery);
}

/// What was made here is neither there nor known: it lived shorter than the event took to arrive.
void Tree::note_miss(const Node& parent, const char* name) {
  if (parent.children.contains(std::string_view(name))) return;
  path_.clear();
  parent.append_path(path_);
  path_.append("/").append(name);
  if (classify_(path_)) ++counts_.missed;
}

/// Compares a directory that is known, and all below it, with what is there.
void Tree::compare(Node& node, int directory, Turn& turn) {
  watch(node, directory);
  if (node.container) look_at_events(node, directory, false, turn);
  const auto unknown = unknown_subdirectories(node, directory);
  size_t found = 0;
  for (auto at = node.children.begin(); at != node.children.end();) {
    Node& child = *(at++)->second;  // meet() may replace it
    if (child.seen == sweeps_) {
      const base::Fd child_directory = open_child(directory, child.name.c_str());
      if (child_directory && id_of(child_directory.get()) == child.id) {
        compare(child, child_directory.get(), turn);
        continue;
      }
    }
    found += meet(node, directory, std::string(child.name).c_str(), turn) ? 1 : 0;
  }
  for (const std::string& name : unknown) found += meet(node, directory, name.c_str(), turn) ? 1 : 0;
  if (sweeps_ > 1) counts_.found_by_sweep += found;
}

/// Names of subdirectories that are no children yet; marks the children that are still there.
std::vector<std::string> Tree::unknown_subdirectories(Node& node, int directory) {
  std::vector<std::string> unknown;
  base::for_each_subdirectory(directory, entries_.data(), entries_.size(), [&](const char* name) {
    const auto child = node.children.find(std::string_view(name));
    if (child == node.children.end()) {
      unknown.emplace_back(name);
    } else {
      child->second->seen = sweeps_;
    }
  });
  return unknown;
}

/// Makes what is known under `name` equal to what is there. Returns whether that was a change.
bool Tree::meet(Node& parent, int parent_directory, const char* name, Turn& turn) {
  if (parent.depth >= kMaxDepth) return false;
  base::Fd directory = open_child(parent_directory, name);
  if (!directory && base::means_exhausted(errno)) {
    turn.unreached = true;
    return false;
  }
  const uint64_t id = directory ? id_of(directory.get()) : 0;
  const auto known = parent.children.find(std::string_view(name));
  if (known == parent.children.end() && id == 0) return false;
  if (known != parent.children.end()) {
    if (known->second->id == id) return false;
    remove(*known->second, turn);
  }
  if (id != 0) add(parent, name, id, std::move(directory), turn);
  return true;
}

void Tree::add(Node& parent, const char* name, uint64_t id, base::Fd directory, Turn& turn) {
  auto made = std::make_unique<Node>();
  Node& node = *made;
  node.parent = &parent;
  node.name = name;
  node.id = id;
  node.depth = parent.depth + 1;
  base::Fd handed_over;
  path_.clear();
  node.append_path(path_);
  if (auto match = classify_(path_)) {
    handed_over.reset(::fcntl(directory.get(), F_DUPFD_CLOEXEC, 0));
    if (!handed_over) {
      turn.unreached = true;
      return;
    }
    node.container = std::make_shared<const model::Container>(model::Container{.cgroup_id = id,
                                                                               .path = path_,
                                                                               .match = std::move(*match),
                                                                               .owner = owner_of(directory.get()),
                                                                               .first_seen = turn.now});
  }
  parent.children.emplace(node.name, std::move(made));
  ++counts_.cgroups;

  // Watched first, looked at then: what is made in between is met twice, never missed.
  watch(node, directory.get());
  if (node.container) {
    turn.listener.appeared(node.container, std::move(handed_over));
    look_at_events(node, directory.get(), false, turn);
  }
  for (const std::string& child : unknown_subdirectories(node, directory.get())) {
    meet(node, directory.get(), child.c_str(), turn);
  }
}

/// Takes out a cgroup and all below it, the deepest first. The root stays, empty.
void Tree::remove(Node& node, Turn& turn) {
  while (!node.children.empty()) remove(*node.children.begin()->second, turn);
  if (node.watch >= 0) {
    ::inotify_rm_watch(inotify_.get(), node.watch);  // fails where the kernel was faster
    watches_.erase(std::exchange(node.watch, -1));
  }
  if (node.container) turn.listener.removed(node.id);
  if (node.parent == nullptr) return;
  --counts_.cgroups;
  auto& siblings = node.parent->children;
  siblings.erase(siblings.find(node.name));
}

void Tree::watch(Node& node, int directory) {
  if (node.watch >= 0 || !inotify_ || watches_used_up_) return;
  // By way of the fd, so that it is this directory even if the name has another one by now.
  std::array<char, 32> path{};
  std::snprintf(path.data(), path.size(), "/proc/self/fd/%d", directory);
  const uint32_t mask = IN_CREATE | IN_DELETE | IN_ONLYDIR | (node.container ? IN_MODIFY : 0);
  node.watch = ::inotify_add_watch(inotify_.get(), path.data(), mask);
  if (node.watch >= 0) {
    watches_.insert_or_assign(node.watch, &node);
  } else if (errno == ENOSPC) {
    watches_used_up_ = true;
    state_ = inotify_state("this user's inotify watches are used up", "sysctl -w fs.inotify.max_user_watches=1048576");
  }
}

/// Reads cgroup.events. That also puts the file's inode into the kernel's cache, without which the kernel sends no
/// event for it (kernfs_notify_workfn); whoever reads the container keeps it there.
void Tree::look_at_events(Node& node, int directory, bool notified, Turn& turn) {
  const base::FileText file = base::read_file(directory, "cgroup.events", text_);
  if (!file.ok()) return;
  model::FieldValues values;
  parse_fields(model::File::CgroupEvents, file.text, values);
  const bool populated = values.get(model::Field::CgroupPopulated).value_or(0) != 0;
  const bool was_populated = std::exchange(node.populated, populated);
  if (populated != was_populated || (notified && !populated))
    turn.listener.populated(node.id, populated);
  else if (notified)
    turn.listener.changed(node.id);
}

/// The directory of a known cgroup; none if the path leads to another one by now, or nowhere.
base::Fd Tree::open(const Node& node, Turn& turn) {
  path_ = mount_path_;
  node.append_path(path_);
  base::Fd directory = open_child(AT_FDCWD, path_.c_str());
  if (!directory) {
    turn.unreached = turn.unreached || base::means_exhausted(errno);
  } else if (id_of(directory.get()) != node.id) {
    directory.reset();
  }
  return directory;
}

}  // namespace benchd::cgroup
