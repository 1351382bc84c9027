/* include/linux/cgroup-defs.h of 6.1: no sums over subtrees. */
#include "common.h"

struct cgroup_base_stat {
  struct task_cputime cputime;
};
struct cgroup_rstat_cpu {
  struct cgroup_base_stat bstat;
  struct cgroup_base_stat last_bstat;
  struct cgroup* updated_children;
  struct cgroup* updated_next;
};
struct cgroup {
  char before[448];
  struct cgroup_rstat_cpu* rstat_cpu;
};
