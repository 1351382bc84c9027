/* Time per cpu, thread times and the last values of every cgroup of the default hierarchy, read where the kernel keeps
 * them. The iterators run when user space asks; the hooks run when a cgroup is made or removed, a task moves or exits.
 * Nothing stands on the scheduler's path. */
/* linux/bpf.h must come before libbpf's headers. */
// clang-format off
#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "layout.h"
#include "cgroups.h"
#include "threads.h"
// clang-format on

#define TASK_NEW 0x00000800
#define MAX_DEPTH 32 /* of a container's cgroup below another's */

/* Set before loading. */
const volatile __u32 cpu_count = 1; /* highest possible cpu + 1 */
const volatile __u32 row_count = 1; /* a power of 2 */

__u32 probe_id = 0;
__u32 sums_subtrees = 0;                /* this kernel does */
__u64 cpu_offset[BENCHD_MAX_CPUS] = {}; /* the kernel's __per_cpu_offset */

/* ---- time per cpu ---- */

/* The per-cpu address of a cgroup's base stats, of its own tasks or of its subtree. */
static __always_inline void* base_stat(struct cgroup* cgroup, bool subtree) {
  void* stat = 0;
  bpf_probe_read_kernel(&stat, sizeof stat, (void*)cgroup + stat_pointer_offset());
  return stat + stat_offset(subtree);
}

static __always_inline void read_stat(struct task_cputime* out, void* stat, __u32 cpu) {
  bpf_probe_read_kernel(out, sizeof *out,
                        stat + cpu_offset[cpu] + bpf_core_field_offset(struct cgroup_base_stat, cputime));
}

static __always_inline __u64 read_time(void* stat, __u32 cpu) {
  __u64 time = 0;
  bpf_probe_read_kernel(
      &time, sizeof time,
      stat + cpu_offset[cpu] + bpf_core_field_offset(struct cgroup_base_stat, cputime.sum_exec_runtime));
  return time;
}

struct row_fill {
  void* stat;
  struct cpu_row* row;
  bool add;
};

static long fill_cpu(__u32 cpu, struct row_fill* fill) {
  if (cpu >= cpu_count || cpu >= BENCHD_MAX_CPUS) return 1;
  __u64 time = cpu_offset[cpu] ? read_time(fill->stat, cpu) : 0;
  __u64* ns = (__u64*)(fill->row + 1) + cpu;
  *ns = fill->add ? *ns + time : time;
  return 0;
}

static __always_inline void fill_row(void* stat, struct cpu_row* row, __u64 walk, bool add) {
  struct row_fill fill = {.stat = stat, .row = row, .add = add && row->walk == walk};
  row->walk = walk;
  bpf_loop(cpu_count, fill_cpu, &fill, 0);
}

static __always_inline struct cpu_row* row_of(__u64 id) {
  for (__u32 tried = 0; tried < BENCHD_ROW_TRIES; tried++) {
    __u32 index = benchd_row(id, tried, row_count);
    struct cpu_row* row = bpf_map_lookup_elem(&cpu_rows, &index);
    if (row && row->id == id) return row;
  }
  return 0;
}

/* Makes those known that were there before us, or found no room when they were made. */
SEC("iter/cgroup")
int find_cgroups(struct bpf_iter__cgroup* ctx) {
  struct cgroup* cgroup = ctx->cgroup;
  if (cgroup) know(cgroup, id_of(cgroup));
  return 0;
}

/* Fills the rows of containers. A kernel that sums subtrees gives each its own; before that, each cgroup's own time is
 * added to the rows of all containers that it is in. Attached to the root once, and to single containers. */
SEC("iter/cgroup")
int walk_cgroups(struct bpf_iter__cgroup* ctx) {
  struct cgroup* cgroup = ctx->cgroup;
  if (!cgroup) return 0;
  __u64 walk = ctx->meta->session_id;
  if (sums_subtrees_here()) {
    struct cpu_row* row = row_of(id_of(cgroup));
    if (row) fill_row(base_stat(cgroup, true), row, walk, false);
    return 0;
  }
  __u32 first = 0;
  struct program_status* it = bpf_map_lookup_elem(&status, &first);
  __u64 only = it ? it->only : 0;
  void* own = base_stat(cgroup, false);
  for (int depth = 0; depth < MAX_DEPTH && cgroup; depth++) {
    __u64 above = id_of(cgroup);
    struct cpu_row* row = !only || above == only ? row_of(above) : 0;
    if (row) fill_row(own, row, walk, true);
    cgroup = parent_of(cgroup);
  }
  return 0;
}

/* ---- threads ---- */

SEC("iter/task")
int walk_threads(struct bpf_iter__task* ctx) {
  struct task_struct* task = ctx->task;
  __u32 zero = 0;
  struct program_status* it = bpf_map_lookup_elem(&status, &zero);
  if (it && it->calibrate) {
    struct task_struct* walker = bpf_get_current_task_btf();
    it->sched_clock_behind = bpf_ktime_get_boot_ns() - walker->se.cfs_rq->rq->clock;
    it->calibrate = 0;
  }
  __u64 walk = ctx->meta->session_id;
  if (it) it->thread_walk = walk;
  if (!task || task->__state == TASK_NEW) return 0; /* fork() is still making it: it stands in the root */
  struct cgroup* cgroup = task->cgroups->dfl_cgrp;
  if (is_awake(task, cgroup)) note_awake(cgroup, walk);
  /* Its exit has charged an exiting thread, or is about to. */
  if (task->flags & (PF_KTHREAD | PF_EXITING)) return 0;
  struct thread_mark* mark = mark_of(task);
  if (mark) charge(task, mark, false, walk);
  return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct* task) {
  if (task->flags & PF_KTHREAD) return 0;
  struct thread_mark none = {};
  struct thread_mark* mark = find_mark(task);
  if (!mark) mark = make_spare_mark(task);
  charge(task, mark ? mark : &none, false, 0);
  if (!mark) COUNT(threads_lost);
  return 0;
}

/* Told of a process's first thread only; its others are charged to where they were at the next walk. */
SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(on_attach, struct cgroup* to, const char* path, struct task_struct* task) {
  if (!in_default_hierarchy(to) || task->flags & PF_KTHREAD) return 0;
  struct thread_mark* mark = mark_of(task);
  if (mark) charge(task, mark, true, 0);
  return 0;
}

/* ---- life cycle ---- */

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(on_mkdir, struct cgroup* cgroup) {
  if (in_default_hierarchy(cgroup)) know(cgroup, id_of(cgroup));
  return 0;
}

struct final_fill {
  void* stat;
  struct own_time* time;
};

static long fill_final(__u32 cpu, struct final_fill* fill) {
  struct task_cputime time = {};
  if (cpu >= cpu_count || cpu >= BENCHD_MAX_CPUS) return 1;
  if (cpu_offset[cpu]) read_stat(&time, fill->stat, cpu);
  ((__u64*)(fill->time + 1))[cpu] = time.sum_exec_runtime;
  fill->time->user += time.utime;
  fill->time->system += time.stime;
  return 0;
}

static __always_inline void read_memory(struct cgroup* cgroup, struct removed_cgroup* record) {
  struct cgroup_subsys_state* css = 0;
  record->has_memory = 0;
  if (!bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id)) return;
  bpf_probe_read_kernel(&css, sizeof css,
                        (void*)cgroup + bpf_core_field_offset(struct cgroup, subsys) +
                            sizeof css * bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id));
  if (!css) return;
  struct mem_cgroup* memory = (void*)css; /* its first member */
  record->has_memory = 1;
  record->memory_peak_pages = BPF_CORE_READ(memory, memory.watermark);
  bpf_probe_read_kernel(record->memory_events, sizeof record->memory_events,
                        (void*)memory + bpf_core_field_offset(struct mem_cgroup, memory_events));
  bpf_probe_read_kernel(record->memory_events_local, sizeof record->memory_events_local,
                        (void*)memory + bpf_core_field_offset(struct mem_cgroup, memory_events_local));
}

static __always_inline void read_own_time(struct cgroup* cgroup, struct own_time* time) {
  time->user = 0;
  time->system = 0;
  struct final_fill fill = {.stat = base_stat(cgroup, false), .time = time};
  bpf_loop(cpu_count, fill_final, &fill, 0);
}

static __always_inline __u64 parent_id(struct cgroup* cgroup) {
  struct cgroup* parent = parent_of(cgroup);
  return parent ? id_of(parent) : 0;
}

static __always_inline void notify(__u64 id, bool late, __u32 cpu) {
  struct removal_notice* notice = bpf_ringbuf_reserve(&notices, sizeof *notice, 0);
  if (!notice) {
    COUNT(notices_lost);
    return;
  }
  notice->id = id;
  notice->late = late;
  notice->cpu = cpu;
  bpf_ringbuf_submit(notice, 0);
}

/* The directory is taken away; all tasks have left. */
SEC("tp_btf/cgroup_rmdir")
int BPF_PROG(on_rmdir, struct cgroup* cgroup, const char* path) {
  if (!in_default_hierarchy(cgroup)) return 0;
  __u32 first = 0;
  struct removed_cgroup* record = bpf_map_lookup_elem(&scratch, &first);
  if (!record) return 0;
  record->parent = parent_id(cgroup);
  record->at = bpf_ktime_get_boot_ns();
  read_own_time(cgroup, &record->time);
  read_memory(cgroup, record);
  long bytes = bpf_probe_read_kernel_str(record->path, sizeof record->path, path);
  record->path_bytes = bytes > 0 ? bytes : 0;
  __u64 id = id_of(cgroup);
  if (bpf_map_update_elem(&removed, &id, record, BPF_ANY) != 0) COUNT(removed_lost);
  /* Between the record and its notice: who frees a thread and does not see this yet charged it early enough. */
  struct thread_sums* sums = bpf_map_lookup_elem(&cgroups, &id);
  if (sums) sums->removed = 1;
  notify(id, false, 0);
  return 0;
}

/* What a thread did last is final when it is freed. And before 6.18 a cgroup may be removed while its last task
 * still runs out of do_exit(), so that up to a tick is charged to it later. Then the cgroup is read once more. */
SEC("tp_btf/sched_process_free")
int BPF_PROG(on_free, struct task_struct* task) {
  struct cgroup* cgroup = task->cgroups->dfl_cgrp;
  struct spare_key key = spare_key_of(task);
  charge_rest(task, find_mark(task), cgroup);
  bpf_map_delete_elem(&spare_marks, &key);
  if (!is_told(cgroup)) return 0;
  __u32 first = 0;
  struct late_cgroup* record = bpf_map_lookup_elem(&late_scratch, &first);
  if (!record) return 0;
  struct late_key where = {.id = id_of(cgroup), .cpu = bpf_get_smp_processor_id()};
  record->parent = parent_id(cgroup);
  read_own_time(cgroup, &record->time);
  if (bpf_map_update_elem(&late, &where, record, BPF_ANY) != 0) COUNT(removed_lost);
  notify(where.id, true, where.cpu);
  return 0;
}

/* ---- once, at start ---- */

/* Where each cpu's memory lies: the address of a per-cpu map's element on that cpu, less the map's per-cpu address. The
 * kernel's own table has no name for programs where KALLSYMS_ALL is off. Pointers become numbers by way of the stack:
 * the verifier allows no arithmetic with them. */
static long find_cpu(__u32 cpu, __u64* map_address) {
  __u32 zero = 0;
  if (cpu >= cpu_count || cpu >= BENCHD_MAX_CPUS) return 1;
  void* element = bpf_map_lookup_percpu_elem(&probe, &zero, cpu);
  __u64 address = 0;
  if (!element) return 0; /* a cpu that is not possible */
  bpf_probe_read_kernel(&address, sizeof address, &element);
  cpu_offset[cpu] = address - *map_address;
  return 0;
}

SEC("iter/bpf_map")
int find_cpu_offsets(struct bpf_iter__bpf_map* ctx) {
  struct bpf_map* map = ctx->map;
  if (!map || map->id != probe_id) return 0;
  sums_subtrees = sums_subtrees_here();
  __u64 address = (__u64)BPF_CORE_READ((struct bpf_array*)map, pptrs[0]);
  bpf_loop(cpu_count, find_cpu, &address, 0);
  return 0;
}

char LICENSE[] SEC("license") = "GPL";
