/* The kernel's structures, as little of them as is read. CO-RE finds the real offsets in the running kernel's BTF, so
 * one object serves every kernel from 6.1 on; a "___flavour" is another kernel's form of the same structure. */
#ifndef BENCHD_KERNEL_TYPES_H
#define BENCHD_KERNEL_TYPES_H

#include <linux/types.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct kernfs_node {
  __u64 id;
};

struct task_cputime {
  __u64 stime;
  __u64 utime;
  unsigned long long sum_exec_runtime;
};
struct cgroup_base_stat {
  struct task_cputime cputime;
};

/* kernel/cgroup/rstat.c. `bstat` is of the cgroup's own tasks and always current; `subtree_bstat` (from 6.6) is with
 * its descendants, the removed ones too, as of the last flush. */
struct cgroup_rstat_cpu {
  struct cgroup_base_stat bstat;
};
struct cgroup_rstat_cpu___6_6 {
  struct cgroup_base_stat subtree_bstat;
};
struct cgroup_rstat_base_cpu { /* from 6.16 */
  struct cgroup_base_stat bstat;
  struct cgroup_base_stat subtree_bstat;
};

struct cgroup;
struct cgroup_subsys_state {
  struct cgroup* cgroup;
  struct cgroup_subsys_state* parent;
  unsigned int flags;
};
struct cgroup_root {
  int hierarchy_id;
};
enum cgroup_subsys_id { memory_cgrp_id = 4 };
struct cgroup {
  struct cgroup_subsys_state self;
  struct kernfs_node* kn;
  struct cgroup_subsys_state* subsys[14];
  struct cgroup_root* root;
  struct cgroup_rstat_cpu* rstat_cpu;
};
struct cgroup___6_16 {
  struct cgroup_rstat_base_cpu* rstat_base_cpu;
};

struct page_counter {
  unsigned long watermark;
};
typedef struct {
  long counter;
} atomic_long_t;
struct mem_cgroup {
  struct page_counter memory;
  atomic_long_t memory_events[9];
  atomic_long_t memory_events_local[9];
};

struct css_set {
  struct cgroup* dfl_cgrp;
};
struct rq {         /* kernel/sched/sched.h */
  __u64 clock;      /* sched_clock() at the last tick or switch on this cpu */
  __u64 clock_task; /* the same less what interrupts and the hypervisor took */
};
struct cfs_rq {
  struct rq* rq;
};
struct sched_info {
  unsigned long long run_delay;
  unsigned long long last_queued; /* sched_clock(); 0 unless it waits for a cpu */
};
struct sched_entity {
  __u64 exec_start; /* clock_task when sum_exec_runtime was added to last */
  __u64 sum_exec_runtime;
  __u64 nr_migrations;
  struct cfs_rq* cfs_rq; /* whatever its policy; CONFIG_FAIR_GROUP_SCHED, without which there is no cpu controller */
};
struct task_delay_info {
  __u64 blkio_delay;
};
struct task_struct {
  unsigned int __state;
  unsigned int flags;
  int on_cpu;
  int on_rq;
  int exit_state; /* 0 until it is dead */
  struct sched_entity se;
  struct sched_info sched_info;
  unsigned long nvcsw;
  unsigned long nivcsw;
  __u64 start_boottime;
  struct css_set* cgroups;
  struct task_delay_info* delays;
};

struct bpf_map {
  __u32 id;
};
struct bpf_array {
  void* pptrs[1];
};

struct seq_file;
struct bpf_iter_meta {
  struct seq_file* seq;
  __u64 session_id;
};
struct bpf_iter__bpf_map {
  struct bpf_iter_meta* meta;
  struct bpf_map* map;
};
struct bpf_iter__cgroup {
  struct bpf_iter_meta* meta;
  struct cgroup* cgroup;
};
struct bpf_iter__task {
  struct bpf_iter_meta* meta;
  struct task_struct* task;
};

#pragma clang attribute pop

#endif
