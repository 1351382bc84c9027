#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "model/container.h"
#include "model/status.h"

namespace benchd::cgroup {

/// What a Tree tells, on the thread and within the call of dispatch() or sweep(). Must not call the tree back.
class TreeListener {
 public:
  virtual ~TreeListener() = default;

  /// A container's cgroup is there. `directory` is an open fd of exactly this incarnation: when the cgroup goes, it
  /// leads nowhere, even if another one is made under the same name.
  virtual void appeared(std::shared_ptr<const model::Container> container, base::Fd directory) = 0;

  /// A limit was written, the kernel counted an event, or cgroup.events says something else than before: worth reading
  /// at the next tick.
  virtual void changed(uint64_t cgroup_id) = 0;

  /// Processes came (true) or the last one of the whole subtree went (false). A notice that finds the cgroup empty is
  /// passed on even if it was never seen populated: it may have lived and died between two looks. So false may come
  /// more than once, and true may follow it.
  virtual void populated(uint64_t cgroup_id, bool populated) = 0;

  /// The cgroup is removed; nothing more is said of this id.
  virtual void removed(uint64_t cgroup_id) = 0;
};

struct TreeCounts {
  uint64_t events = 0;          ///< inotify events taken
  uint64_t overflows = 0;       ///< times the kernel's queue was full; each costs one full sweep
  uint64_t found_by_sweep = 0;  ///< starts and ends that no event had told, but a sweep (also one after an overflow)
  uint64_t missed = 0;          ///< containers by their path that were gone before they could be looked at
  size_t cgroups = 0;           ///< directories known now, the root not counted
  size_t unwatched = 0;         ///< of them, those that no inotify watch could be had for
};

/// Follows the cgroup tree: one inotify watch per directory, a slow sweep over all of it for safety, a sweep at once
/// when events were lost. Owns no thread: whoever owns it polls fd() and calls dispatch() when it is readable, and
/// sweep() when next_sweep() has come. One thread. Allocates only when cgroups start or end.
///
/// A cgroup is its inode number (kernfs: the 64-bit cgroup id, never used twice in a boot), not its name. Events only
/// say where to look: each is answered by comparing names and inode numbers there, so that late, merged and lost events
/// lead to the same picture. What was made and removed between two looks is not seen. Cgroups more than 64 levels deep
/// are left out: anyone with a delegated cgroup can nest deeper than a thread's stack.
class Tree {
 public:
  /// Says whether the cgroup at a path below the mount ("/system.slice/docker-….scope") is a container.
  using Classify = std::function<std::optional<model::PathMatch>(std::string_view path)>;

  /// Finds nothing before the first sweep(). Where no inotify instance is to be had, sweeps come often instead.
  Tree(std::string mount_path, Classify classify);
  ~Tree();
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;
  Tree(Tree&&) = delete;
  Tree& operator=(Tree&&) = delete;

  /// Readable when there is something to dispatch; the same for the tree's life, -1 if no instance was to be had.
  int fd() const { return inotify_.get(); }

  /// Takes the events that are there, at most 1 MiB of them (the rest stays readable), and tells what they mean.
  void dispatch(base::Instant now, TreeListener& listener);

  /// Compares all of the tree with what is known, and tells the difference. After dispatch(), where both are due.
  void sweep(base::Instant now, TreeListener& listener);

  /// When the next sweep is due: at once at first, then 30 s after the last; 2 s while some directory has no watch.
  base::Instant next_sweep() const { return next_sweep_; }

  /// The limits of inotify or of open files are reached: what it costs and how to raise them. Ends with the first
  /// sweep that reaches everything.
  const std::optional<model::State>& state() const { return state_; }

  TreeCounts counts() const;

  /// Where a container's directory is in the file system.
  std::string directory_of(const model::Container& container) const { return mount_path_ + container.path; }
  std::optional<model::PathMatch> classify(std::string_view path) const { return classify_(path); }

 private:
  struct Node;

  /// What one call of dispatch() or sweep() works with.
  struct Turn {
    base::Instant now;
    TreeListener& listener;
    bool lost = false;       ///< the kernel's queue had overflowed
    bool unreached = false;  ///< something could not be opened though it is there: look again soon
  };

  void take(const char* event_bytes, Turn& turn);
  void compare(Node& node, int directory, Turn& turn);
  bool meet(Node& parent, int parent_directory, const char* name, Turn& turn);
  void add(Node& parent, const char* name, uint64_t id, base::Fd directory, Turn& turn);
  void add_subdirectories(Node& node, int directory, Turn& turn);
  void remove(Node& node, Turn& turn);
  void watch(Node& node, int directory);
  void look_at_events(Node& node, int directory, bool notified, Turn& turn);
  std::vector<std::string> unknown_subdirectories(Node& node, int directory);
  base::Fd open(const Node& node, Turn& turn);
  void note_miss(const Node& parent, const char* name);

  std::string mount_path_;
  Classify classify_;
  base::Fd inotify_;
  std::unique_ptr<Node> root_;
  std::unordered_map<int, Node*> watches_;
  base::Instant next_sweep_ = 0;
  std::optional<model::State> state_;
  TreeCounts counts_;
  unsigned sweeps_ = 0;
  bool watches_used_up_ = false;
  std::vector<char> events_;   ///< inotify's
  std::vector<char> entries_;  ///< getdents'
  std::string path_;
  base::ReadBuffer text_;
};

}  // namespace benchd::cgroup
