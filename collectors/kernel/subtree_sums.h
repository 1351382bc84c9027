#pragma once

#include <cstdint>
#include <unordered_map>

#include "collectors/kernel/totals.h"

namespace benchd::kernel {

/// Adds up what cgroups did by themselves into the containers that they are in, the removed ones included: a container
/// whose child is removed does not lose what the child did. Knows the tree by parent ids alone. Pure, one thread;
/// allocates only when cgroups or containers come and go.
class SubtreeSums {
 public:
  /// A container will be asked for. Cgroups below it that are removed already count if they were told of.
  void track(uint64_t id);
  void untrack(uint64_t id);

  /// One round over all cgroups: each live one with its own threads' sums, of which what `walk` has not written does
  /// not count; then the adding up.
  void live(uint64_t id, const thread_sums& own, uint64_t walk);
  void add_up();

  /// A cgroup is removed (children before their parents): its own last values, and its parent. Returns them with those
  /// of everything that was below it.
  struct Totals {
    CpuTotals cpu;
    thread_times threads{};
  };
  Totals removed(uint64_t id, uint64_t parent, Totals own);

  bool knows(uint64_t id) const { return cgroups_.contains(id); }
  /// Known now.
  size_t cgroups() const { return cgroups_.size(); }

  /// As of the last round, of a tracked container.
  struct Subtree {
    thread_times threads{};
    uint64_t alive_threads = 0;
    bool awake = false;  ///< one of them is
    uint64_t moves = 0;  ///< of threads into its cgroups and out of them
    CpuTotals removed;   ///< what its removed descendants had used
  };
  const Subtree& subtree(uint64_t id) const { return containers_.at(id); }

 private:
  struct Cgroup {
    uint64_t parent = 0;
    thread_times threads{};  ///< of its own threads
    uint64_t alive_threads = 0;
    bool awake = false;
    uint64_t moves = 0;
    Totals removed;  ///< of what was below it
  };

  std::unordered_map<uint64_t, Cgroup> cgroups_;
  std::unordered_map<uint64_t, Subtree> containers_;
};

}  // namespace benchd::kernel
