#include "collectors/kernel/subtree_sums.h"

namespace benchd::kernel {
namespace {

/// More than the kernel's own tree is deep: a circle of parents, which only a reused id could make, ends.
constexpr int kMaxDepth = 256;

void reset(SubtreeSums::Subtree& subtree) {
  subtree.threads = {};
  subtree.alive_threads = 0;
  subtree.awake = false;
  subtree.moves = 0;
  subtree.removed.by_cpu.clear();
  subtree.removed.user = 0;
  subtree.removed.system = 0;
}

}  // namespace

void SubtreeSums::track(uint64_t id) {
  containers_.try_emplace(id);
}

void SubtreeSums::untrack(uint64_t id) {
  containers_.erase(id);
}

void SubtreeSums::live(uint64_t id, const thread_sums& own, uint64_t walk) {
  Cgroup& cgroup = cgroups_[id];
  cgroup.parent = own.parent;
  cgroup.threads = own.times;
  cgroup.alive_threads = own.walk == walk ? own.threads : 0;
  cgroup.awake = own.awake == walk;
  cgroup.moves = own.moves;
}

void SubtreeSums::add_up() {
  for (auto& [id, subtree] : containers_) reset(subtree);
  for (const auto& [id, cgroup] : cgroups_) {
    uint64_t at = id;
    for (int depth = 0; depth < kMaxDepth && at != 0; ++depth) {
      if (const auto container = containers_.find(at); container != containers_.end()) {
        Subtree& subtree = container->second;
        subtree.threads += cgroup.threads;
        subtree.threads += cgroup.removed.threads;
        subtree.alive_threads += cgroup.alive_threads;
        subtree.awake = subtree.awake || cgroup.awake;
        subtree.moves += cgroup.moves;
        subtree.removed += cgroup.removed.cpu;
      }
      const auto known = cgroups_.find(at);
      at = known == cgroups_.end() ? 0 : known->second.parent;
    }
  }
}

SubtreeSums::Totals SubtreeSums::removed(uint64_t id, uint64_t parent, Totals own) {
  if (const auto known = cgroups_.find(id); known != cgroups_.end()) {
    own.cpu += known->second.removed.cpu;
    own.threads += known->second.removed.threads;
    cgroups_.erase(known);
  }
  if (parent != 0) {
    Totals& above = cgroups_[parent].removed;
    above.cpu += own.cpu;
    above.threads += own.threads;
  }
  return own;
}

}  // namespace benchd::kernel
