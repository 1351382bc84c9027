/* include/linux/cgroup-defs.h of 6.12 to 6.15: as 6.6; ntime from 6.13 on. */
#include "common.h"

struct cgroup_base_stat {
  struct task_cputime cputime;
  __u64 forceidle_sum;
  __u64 ntime;
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
  char before[504];
  struct cgroup_rstat_cpu* rstat_cpu;
};
