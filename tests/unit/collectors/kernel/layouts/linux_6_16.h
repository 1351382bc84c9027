/* include/linux/cgroup-defs.h from 6.16 on: base stats apart from the update tree. */
#include "common.h"

struct cgroup_base_stat {
  struct task_cputime cputime;
  __u64 forceidle_sum;
  __u64 ntime;
};
struct cgroup_rstat_base_cpu {
  struct cgroup_base_stat bstat;
  struct cgroup_base_stat last_bstat;
  struct cgroup_base_stat subtree_bstat;
  struct cgroup_base_stat last_subtree_bstat;
};
struct cgroup {
  char before[520];
  struct cgroup_rstat_base_cpu* rstat_base_cpu;
};
