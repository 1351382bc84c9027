/* Where this kernel keeps a cgroup's base stats per cpu: decided at load by its type information. */
#ifndef BENCHD_KERNEL_LAYOUT_H
#define BENCHD_KERNEL_LAYOUT_H

#include "kernel_types.h"

/* From 6.16 base stats have a per-cpu structure of their own. */
static __always_inline bool has_base_cpu(void) {
  return bpf_core_field_exists(((struct cgroup___6_16*)0)->rstat_base_cpu);
}

/* From 6.6 the kernel keeps sums over subtrees, removed children included. */
static __always_inline bool sums_subtrees_here(void) {
  return has_base_cpu() || bpf_core_field_exists(((struct cgroup_rstat_cpu___6_6*)0)->subtree_bstat);
}

/* Of the base stat in the per-cpu structure: of the cgroup's own tasks, or of its subtree where that is kept. */
static __always_inline __u32 stat_offset(bool subtree) {
  if (has_base_cpu())
    return subtree ? bpf_core_field_offset(struct cgroup_rstat_base_cpu, subtree_bstat)
                   : bpf_core_field_offset(struct cgroup_rstat_base_cpu, bstat);
  if (subtree && sums_subtrees_here()) return bpf_core_field_offset(struct cgroup_rstat_cpu___6_6, subtree_bstat);
  return bpf_core_field_offset(struct cgroup_rstat_cpu, bstat);
}

/* Of the pointer to the per-cpu structure in struct cgroup. */
static __always_inline __u32 stat_pointer_offset(void) {
  return has_base_cpu() ? bpf_core_field_offset(struct cgroup___6_16, rstat_base_cpu)
                        : bpf_core_field_offset(struct cgroup, rstat_cpu);
}

#endif
