/* The programs' maps. What user space sees of them is described in base/door.h and records.h. */
#ifndef BENCHD_KERNEL_MAPS_H
#define BENCHD_KERNEL_MAPS_H

#include "records.h"

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} probe SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(key_size, sizeof(__u32));
  __uint(value_size, sizeof(struct cpu_row) + 8); /* set by cpu_count before loading */
} cpu_rows SEC(".maps");

/* Every cgroup of the default hierarchy; user space deletes those that were removed. It reads all of it at each walk,
 * empty buckets too, of which there are as many as entries: 16 ns each. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 16384);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, __u64);
  __type(value, struct thread_sums);
} cgroups SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 16384);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(key_size, sizeof(__u64));
  __uint(value_size, sizeof(struct removed_cgroup) + 8);
} removed SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 16384);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, struct late_key);
  __uint(value_size, sizeof(struct late_cgroup) + 8);
} late SEC(".maps");

/* Where a record of `removed` is put together, too large for the stack: at rmdir, under cgroup_mutex. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __uint(key_size, sizeof(__u32));
  __uint(value_size, sizeof(struct removed_cgroup) + 8);
} scratch SEC(".maps");

/* The same for `late`, under no lock. */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __uint(key_size, sizeof(__u32));
  __uint(value_size, sizeof(struct late_cgroup) + 8);
} late_scratch SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 1 << 17);
} notices SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __uint(map_flags, BPF_F_MMAPABLE);
  __type(key, __u32);
  __type(value, struct program_status);
} status SEC(".maps");

/* What was charged of a thread so far. */
struct thread_mark {
  __u64 cgroup; /* 0 until the thread is first seen */
  struct thread_times charged;
  __u32 busy; /* somebody is charging this thread: the walk and the thread's exit may meet */
};

struct {
  __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, struct thread_mark);
} thread_marks SEC(".maps");

/* The same of threads that no walk had seen when they exited, and of those that the kernel made no storage for, until
 * they are freed. One of the kind above takes 1 us to make, one of these 0.2. A kernel may free a thread without
 * running its hook: what is never used again makes room. */
struct spare_key {
  __u64 task; /* its address, which another has once it is freed */
  __u64 born;
};
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 4096); /* set by cpu_count before loading */
  __type(key, struct spare_key);
  __type(value, struct thread_mark);
} spare_marks SEC(".maps");

#endif
