/* include/linux/cgroup-defs.h of 6.6, with CONFIG_SCHED_CORE: sums over subtrees beside the update tree. */
#include "common.h"

struct cgroup_base_stat {
  struct task_cputime cputime;
  __u64 forceidle_sum;
};
struct cgroup_rstat_cpu {
  struct cgroup_base_stat bstat;
  struct cgroup_base_stat last_bstat;
  struct cgroup_base_stat subtree_bstat;
  struct cgroup_base_stat last_subtree_bstat;
  struct cgroup* updated_children;
  struct cgroup* updated_next;
};
struct cgroup {
  char before[472];
  struct cgroup_rstat_cpu* rstat_cpu;
};
