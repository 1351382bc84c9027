/* What the programs and user space hand each other through maps. Included by C for BPF and by C++. */
#ifndef BENCHD_KERNEL_RECORDS_H
#define BENCHD_KERNEL_RECORDS_H

#include <linux/types.h>

/* NOLINTBEGIN(readability-identifier-naming): C */

#define BENCHD_MAX_CPUS 2048   /* base::kMaxCpus */
#define BENCHD_PATH_BYTES 1024 /* TRACE_CGROUP_PATH_LEN, include/linux/cgroup.h */
#define BENCHD_MEMORY_EVENTS 9 /* MEMCG_LOW … MEMCG_SWAP_FAIL, include/linux/memcontrol.h */

/* What threads did. Nanoseconds, then counts. */
struct thread_times {
  __u64 alive;
  __u64 on_cpu;
  __u64 runnable;
  __u64 on_disk;
  __u64 voluntary_switches;
  __u64 involuntary_switches;
  __u64 migrations;
#ifdef __cplusplus
  bool operator==(const thread_times&) const = default;
#endif
};

/* Of threads that are directly in a cgroup. */
struct thread_sums {
  __u64 parent;              /* id of the cgroup's parent; 0 for the root */
  struct thread_times times; /* since the programs were attached */
  __u64 walk;                /* the walk that counted `threads` */
  __u64 threads;             /* found alive by it */
  __u64 awake;               /* the last walk that found a thread awake, one of the kernel's included */
  __u64 moves;               /* of threads in and out: what one did here before it was seen to is charged elsewhere */
  __u32 removed;             /* the cgroup is */
};

/* What a cgroup's own tasks used; followed by nanoseconds, __u64 by cpu. */
struct own_time {
  __u64 user;
  __u64 system;
};

/* What is read of a cgroup when it is removed; `time` as above. */
struct removed_cgroup {
  __u64 parent;
  __u64 at; /* CLOCK_BOOTTIME */
  __u64 memory_peak_pages;
  __u64 memory_events[BENCHD_MEMORY_EVENTS];
  __u64 memory_events_local[BENCHD_MEMORY_EVENTS];
  __u32 has_memory; /* the memory controller was enabled for it */
  __u32 path_bytes; /* of `path`, with its NUL */
  char path[BENCHD_PATH_BYTES];
  struct own_time time;
};

/* What is read once more of a removed cgroup when a thread of it is freed. A cpu that frees has a record of its own, so
 * that no reading takes the place of one that is younger. */
struct late_key {
  __u64 id;
  __u64 cpu;
};
struct late_cgroup {
  __u64 parent;
  struct own_time time;
};

/* In the ring, one for each record of the two kinds. */
struct removal_notice {
  __u64 id;
  __u32 late;
  __u32 cpu; /* of a late one's key */
};

/* A container's row, as the last walk wrote it but for `id`, which is user space's; followed by nanoseconds, __u64 by
 * cpu. The rows are a hash table: a container's is one of the few that benchd_row() names. */
struct cpu_row {
  __u64 id; /* of its cgroup; 0 = free */
  __u64 walk;
};

#define BENCHD_ROW_TRIES 16 /* enough where half of the rows are taken */

/* Where a container's row is to be looked for at the `tried`-th try; `rows` is a power of 2. A map's lookup costs a
 * walk three times as much. */
static inline __u32 benchd_row(__u64 id, __u32 tried, __u32 rows) {
  return ((__u32)((id * 0x9e3779b97f4a7c15ull) >> 32) + tried) & (rows - 1);
}

/* How the programs are doing since they were attached. */
struct program_status {
  __u64 sched_clock_behind; /* CLOCK_BOOTTIME minus sched_clock(); 0 = unknown */
  __u64 calibrate;          /* set by user space just before a walk: the walking thread has just got its cpu */
  __u64 only;               /* set by user space: the walk is of this container, and fills no other's row; 0 = all */
  __u64 thread_walk;        /* the last walk over threads */
  __u64 notices_lost;       /* ring full: reconciliation finds the cgroup's record */
  __u64 cgroups_lost;       /* map full: thread times of a cgroup not counted */
  __u64 removed_lost;       /* map full: a removed cgroup's last values */
  __u64 threads_lost;       /* no room for a thread's mark, or the cgroup where it was is gone */
};

/* NOLINTEND(readability-identifier-naming) */

#endif
