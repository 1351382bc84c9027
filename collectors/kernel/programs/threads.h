/* What a thread is charged for, and to which cgroup. */
#ifndef BENCHD_KERNEL_THREADS_H
#define BENCHD_KERNEL_THREADS_H

#include "cgroups.h"

#define PF_EXITING 0x00000004 /* include/linux/sched.h */
#define PF_KTHREAD 0x00200000
#define CSS_ONLINE (1 << 1)      /* include/linux/cgroup-defs.h */
#define LONGEST_TICK 10000000ull /* ns: HZ is 100 or more */
#define LONGEST_WAIT 10000000000ull

/* Set before loading. */
const volatile __u64 attached_at = 0; /* CLOCK_BOOTTIME: threads that are older were not watched from their birth */

static __always_inline __u64 sched_clock_at(__u64 boottime) {
  __u32 first = 0;
  struct program_status* it = bpf_map_lookup_elem(&status, &first);
  return it && it->sched_clock_behind ? boottime - it->sched_clock_behind : 0;
}

/* What the kernel has not added yet to the time of a thread that is on a cpu: it does at each tick. The clocks of the
 * cpu's run queue leave out what the hypervisor took, which the thread never had. */
static __always_inline __u64 on_cpu_since_added(struct task_struct* task, __u64 clock) {
  __u64 added = task->se.exec_start;
  struct rq* queue = task->se.cfs_rq->rq;
  __u64 passed = queue->clock_task > added ? queue->clock_task - added : 0;
  if (clock > queue->clock) passed += clock - queue->clock;
  return passed <= LONGEST_TICK ? passed : 0;
}

/* What the kernel has not added yet of a wait for a cpu: it does when that ends. */
static __always_inline __u64 waited_since(__u64 queued, __u64 clock) {
  if (!queued || clock < queued) return 0;
  return clock - queued <= LONGEST_WAIT ? clock - queued : 0;
}

/* What `now` has more than the mark, which moves up to it. */
static __always_inline __u64 more(__u64 now, __u64* mark) {
  if (now <= *mark) return 0;
  __u64 difference = now - *mark;
  *mark = now;
  return difference;
}

/* What the thread did since it was charged; its counts are taken from the kernel. */
static __always_inline struct thread_times growth(struct task_struct* task, struct thread_times* charged,
                                                  const struct thread_times* now) {
  return (struct thread_times){.alive = more(now->alive, &charged->alive),
                               .on_cpu = more(now->on_cpu, &charged->on_cpu),
                               .runnable = more(now->runnable, &charged->runnable),
                               .on_disk = more(now->on_disk, &charged->on_disk),
                               .voluntary_switches = more(task->nvcsw, &charged->voluntary_switches),
                               .involuntary_switches = more(task->nivcsw, &charged->involuntary_switches),
                               .migrations = more(task->se.nr_migrations, &charged->migrations)};
}

static __always_inline void add(struct thread_times* sums, const struct thread_times* did) {
  __sync_fetch_and_add(&sums->alive, did->alive);
  /* Most threads sleep on. */
  if (!(did->on_cpu | did->runnable | did->on_disk | did->voluntary_switches | did->involuntary_switches |
        did->migrations))
    return;
  __sync_fetch_and_add(&sums->on_cpu, did->on_cpu);
  __sync_fetch_and_add(&sums->runnable, did->runnable);
  __sync_fetch_and_add(&sums->on_disk, did->on_disk);
  __sync_fetch_and_add(&sums->voluntary_switches, did->voluntary_switches);
  __sync_fetch_and_add(&sums->involuntary_switches, did->involuntary_switches);
  __sync_fetch_and_add(&sums->migrations, did->migrations);
}

static __always_inline struct spare_key spare_key_of(struct task_struct* task) {
  return (struct spare_key){.task = (__u64)task, .born = task->start_boottime};
}

/* The thread's mark, if it has one. */
static __always_inline struct thread_mark* find_mark(struct task_struct* task) {
  struct thread_mark* mark = bpf_task_storage_get(&thread_marks, task, 0, 0);
  struct spare_key key = spare_key_of(task);
  return mark ? mark : bpf_map_lookup_elem(&spare_marks, &key);
}

static __always_inline struct thread_mark* make_spare_mark(struct task_struct* task) {
  struct spare_key key = spare_key_of(task);
  struct thread_mark mark = {};
  bpf_map_update_elem(&spare_marks, &key, &mark, BPF_NOEXIST);
  return bpf_map_lookup_elem(&spare_marks, &key);
}

/* The kernel makes no storage while another program on this cpu is at it. */
static __always_inline struct thread_mark* mark_of(struct task_struct* task) {
  struct thread_mark* mark = find_mark(task);
  if (!mark) mark = bpf_task_storage_get(&thread_marks, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
  if (!mark) mark = make_spare_mark(task);
  if (!mark) COUNT(threads_lost);
  return mark;
}

/* Runs or waits for a cpu, a throttled one too, or has a last part of its exit to run, which is charged only when it is
 * freed. A thread of the kernel is never charged, so nothing tells whether it slept since the last walk; few stand
 * outside the root. */
static __always_inline bool is_awake(struct task_struct* task, struct cgroup* cgroup) {
  return task->on_rq || !task->__state || (task->flags & PF_EXITING && !task->exit_state) ||
         (task->flags & PF_KTHREAD && parent_of(cgroup));
}

static __always_inline void note_awake(struct cgroup* cgroup, __u64 walk) {
  __u64 id = id_of(cgroup);
  struct thread_sums* sums = bpf_map_lookup_elem(&cgroups, &id);
  if (sums) sums->awake = walk;
}

static __always_inline void note_move(__u64 id) {
  struct thread_sums* sums = bpf_map_lookup_elem(&cgroups, &id);
  if (sums) __sync_fetch_and_add(&sums->moves, 1);
}

/* Charges what the thread did since it was last charged to the cgroup where it was then, and moves its mark. `walk`
 * counts it as alive. */
static __always_inline void charge(struct task_struct* task, struct thread_mark* mark, bool moved, __u64 walk) {
  struct cgroup* cgroup = task->cgroups->dfl_cgrp;
  __u64 id = id_of(cgroup);
  if (__sync_val_compare_and_swap(&mark->busy, 0, 1) != 0) return;
  __u64 now = bpf_ktime_get_boot_ns();
  __u64 on_cpu = task->se.sum_exec_runtime;
  __u64 runnable = task->sched_info.run_delay;
  __u64 clock = sched_clock_at(now);
  if (clock) {
    if (!task->on_cpu)
      runnable += waited_since(task->sched_info.last_queued, clock);
    else if (!moved) /* what is not added yet the kernel will add to the cgroup that it moves to */
      on_cpu += on_cpu_since_added(task, clock);
  }
  __u64 on_disk = task->delays ? BPF_CORE_READ(task, delays, blkio_delay) : 0;
  /* Now and then the kernel ends a wait that it has never begun, and adds the time since boot (seen on 6.18). */
  struct thread_times* charged = &mark->charged;
  if (on_disk > charged->on_disk && on_disk - charged->on_disk > now - task->start_boottime) charged->on_disk = on_disk;
  __u64 home = mark->cgroup;
  bool watched = home || (!moved && task->start_boottime >= attached_at);
  if (!home) home = id;
  if (home != id) {
    note_move(home);
    note_move(id);
  }
  mark->cgroup = id;
  struct thread_sums* sums = bpf_map_lookup_elem(&cgroups, &home);
  if (!sums && home == id) {
    know(cgroup, id);
    sums = bpf_map_lookup_elem(&cgroups, &home);
  }
  struct thread_times reached = {
      .alive = now - task->start_boottime, .on_cpu = on_cpu, .runnable = runnable, .on_disk = on_disk};
  struct thread_times did = growth(task, charged, &reached);
  if (!sums) {
    COUNT(threads_lost);
  } else if (watched) {
    add(&sums->times, &did);
  }
  if (sums && walk && home == id) {
    if (sums->walk != walk) {
      sums->walk = walk;
      sums->threads = 0;
    }
    sums->threads++;
  }
  *(volatile __u32*)&mark->busy = 0;
}

/* The cgroup is removed and its record is kept, maybe taken already. */
static __always_inline bool is_told(struct cgroup* cgroup) {
  __u64 id = id_of(cgroup);
  if (cgroup->self.flags & CSS_ONLINE) return false;
  struct thread_sums* sums = bpf_map_lookup_elem(&cgroups, &id);
  return !sums || sums->removed;
}

/* What a thread did after the hook at its exit, where most of its memory is given back. It was alive meanwhile. */
static __always_inline void charge_rest(struct task_struct* task, struct thread_mark* mark, struct cgroup* cgroup) {
  if (!mark || !mark->cgroup) return;
  struct thread_times reached = {
      .on_cpu = task->se.sum_exec_runtime, .runnable = task->sched_info.run_delay, .on_disk = mark->charged.on_disk};
  struct thread_times did = growth(task, &mark->charged, &reached);
  did.alive = did.on_cpu + did.runnable;
  if (!did.alive) return;
  __u64 id = id_of(cgroup);
  struct thread_sums* sums = bpf_map_lookup_elem(&cgroups, &id);
  if (!sums) {
    know(cgroup, id);
    sums = bpf_map_lookup_elem(&cgroups, &id);
    if (sums && !(cgroup->self.flags & CSS_ONLINE)) sums->removed = 1;
  }
  if (sums)
    add(&sums->times, &did);
  else
    COUNT(threads_lost);
}

#endif
