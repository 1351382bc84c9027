/* Cgroups, and the map that knows them all. */
#ifndef BENCHD_KERNEL_CGROUPS_H
#define BENCHD_KERNEL_CGROUPS_H

#include "kernel_types.h"
#include "maps.h"

#define COUNT(field)                                                  \
  do {                                                                \
    __u32 first = 0;                                                  \
    struct program_status* it = bpf_map_lookup_elem(&status, &first); \
    if (it) __sync_fetch_and_add(&it->field, 1);                      \
  } while (0)

static __always_inline __u64 id_of(struct cgroup* cgroup) {
  return cgroup->kn->id;
}

static __always_inline bool in_default_hierarchy(struct cgroup* cgroup) {
  return cgroup->root->hierarchy_id == 0;
}

static __always_inline struct cgroup* parent_of(struct cgroup* cgroup) {
  struct cgroup_subsys_state* parent = cgroup->self.parent;
  return parent ? parent->cgroup : 0;
}

static void know(struct cgroup* cgroup, __u64 id) {
  struct thread_sums sums = {};
  if (bpf_map_lookup_elem(&cgroups, &id)) return;
  struct cgroup* parent = parent_of(cgroup);
  if (parent) sums.parent = id_of(parent);
  if (bpf_map_update_elem(&cgroups, &id, &sums, BPF_NOEXIST) == -7 /* E2BIG */) COUNT(cgroups_lost);
}

#endif
