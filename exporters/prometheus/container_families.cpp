#include <string>
#include <vector>

#include "exporters/prometheus/family_tables.h"

/// benchd's own families of containers: everything of cgroup v2 that cAdvisor has no name for, limits that tell
/// unlimited (+Inf) from absent (no series) from 0, and what the runtime says.
namespace benchd::exposition {
namespace {

using model::Field;

struct Row {
  const char* name;  ///< after "benchd_container_"
  Field field;
  const char* help;
  AfterEnd after_end = AfterEnd::Vanishes;
};

// clang-format off
constexpr Row kRows[] = {
    {"populated", Field::CgroupPopulated, "1 while the container has a living process"},
    {"frozen", Field::CgroupFrozen, "1 while the container is frozen"},
    {"descendant_cgroups", Field::Descendants, "Cgroups below the container's"},
    {"dying_descendant_cgroups", Field::DyingDescendants, "Removed cgroups below the container's that the kernel still keeps"},
    {"cpu_quota_seconds", Field::CpuQuota, "CPU quota per period; +Inf without one"},
    {"cpu_period_seconds", Field::CpuPeriod, "Period of the CPU quota"},
    {"cpu_burst_limit_seconds", Field::CpuBurst, "CPU time that may be saved for bursts"},
    {"cpu_nice_seconds_total", Field::CpuNice, "CPU time used by processes with a nice value above 0"},
    {"cpu_force_idle_seconds_total", Field::CpuForceIdle, "Time that core scheduling kept a sibling cpu idle for this container"},
    {"cpu_throttled_local_seconds_total", Field::CpuThrottledLocal, "Time throttled, by quotas of ancestors too, summed over cpus"},
    {"cpu_weight", Field::CpuWeight, "Share of CPU time in competition with siblings, 1 to 10000"},
    {"cpuset_cpus", Field::CpusEffective, "Cpus that the container may run on"},
    {"pressure_irq_stalled_seconds_total", Field::IrqPressureFull, "Time in which all tasks waited for interrupts to be handled"},
    {"memory_limit_bytes", Field::MemoryMax, "Memory limit; +Inf without one"},
    {"memory_high_bytes", Field::MemoryHigh, "Memory above which processes are throttled and reclaimed; +Inf without one"},
    {"memory_low_bytes", Field::MemoryLow, "Memory protected from reclaim while others have some"},
    {"memory_min_bytes", Field::MemoryMin, "Memory protected from reclaim always"},
    {"memory_kernel_stack_bytes", Field::MemoryKernelStack, "Kernel stacks"},
    {"memory_page_tables_bytes", Field::MemoryPagetables, "Page tables"},
    {"memory_secondary_page_tables_bytes", Field::MemorySecPagetables, "Page tables of virtual machines and IOMMUs"},
    {"memory_percpu_bytes", Field::MemoryPercpu, "Per-cpu kernel structures"},
    {"memory_sock_bytes", Field::MemorySock, "Network buffers"},
    {"memory_vmalloc_bytes", Field::MemoryVmalloc, "Kernel memory mapped by vmalloc"},
    {"memory_shmem_bytes", Field::MemoryShmem, "Shared memory and tmpfs"},
    {"memory_zswap_bytes", Field::MemoryZswap, "Memory taken by compressed swap"},
    {"memory_zswapped_bytes", Field::MemoryZswapped, "Memory that was swapped out to compressed swap"},
    {"memory_swapcached_bytes", Field::MemorySwapcached, "Memory that is in swap and in memory"},
    {"memory_anon_huge_bytes", Field::MemoryAnonThp, "Anonymous memory in transparent huge pages"},
    {"memory_file_huge_bytes", Field::MemoryFileThp, "Page cache in transparent huge pages"},
    {"memory_shmem_huge_bytes", Field::MemoryShmemThp, "Shared memory in transparent huge pages"},
    {"memory_inactive_anon_bytes", Field::MemoryInactiveAnon, "Anonymous memory on the inactive list"},
    {"memory_active_anon_bytes", Field::MemoryActiveAnon, "Anonymous memory on the active list"},
    {"memory_unevictable_bytes", Field::MemoryUnevictable, "Memory that reclaim must leave alone"},
    {"memory_slab_reclaimable_bytes", Field::MemorySlabReclaimable, "Kernel objects that reclaim may free"},
    {"memory_slab_unreclaimable_bytes", Field::MemorySlabUnreclaimable, "Kernel objects that reclaim cannot free"},
    {"memory_workingset_activate_anon_total", Field::MemoryActivateAnon, "Refaulted anonymous pages activated at once"},
    {"memory_workingset_activate_file_total", Field::MemoryActivateFile, "Refaulted file pages activated at once"},
    {"memory_workingset_restore_anon_total", Field::MemoryRestoreAnon, "Refaulted anonymous pages known to be in use before eviction"},
    {"memory_workingset_restore_file_total", Field::MemoryRestoreFile, "Refaulted file pages known to be in use before eviction"},
    {"memory_workingset_nodereclaim_total", Field::MemoryNodereclaim, "Shadow nodes reclaimed"},
    {"memory_pgrefill_total", Field::MemoryPgrefill, "Pages scanned on active lists"},
    {"memory_pgactivate_total", Field::MemoryPgactivate, "Pages moved to active lists"},
    {"memory_pgdeactivate_total", Field::MemoryPgdeactivate, "Pages moved to inactive lists"},
    {"memory_pglazyfree_total", Field::MemoryPglazyfree, "Pages given up by MADV_FREE"},
    {"memory_pglazyfreed_total", Field::MemoryPglazyfreed, "Pages given up by MADV_FREE and reclaimed"},
    {"memory_huge_page_faults_total", Field::MemoryThpFaultAlloc, "Transparent huge pages allocated by a page fault"},
    {"memory_huge_page_collapses_total", Field::MemoryThpCollapseAlloc, "Transparent huge pages allocated to collapse small ones"},
    {"swap_limit_bytes", Field::SwapMax, "Swap limit; +Inf without one"},
    {"swap_peak_bytes", Field::SwapPeak, "Most swap ever used", AfterEnd::Stays},
    {"zswap_current_bytes", Field::ZswapCurrent, "Memory taken by compressed swap"},
    {"threads_limit", Field::PidsMax, "Limit of threads; +Inf without one"},
    {"threads_peak", Field::PidsPeak, "Most threads ever", AfterEnd::Stays},
    {"threads_refused_total", Field::PidsEventsMax, "Forks and clones refused because of a limit of threads"},
};
// clang-format on

void io_discarded(const ContainerView& view, SampleSink& sink) {
  for (const model::DeviceIo& io : view.container.reading.io)
    sink.add(Number::count(io.discarded_bytes), {{"device", DeviceName(view.snapshot, io.device).text()}});
}

void io_discards(const ContainerView& view, SampleSink& sink) {
  for (const model::DeviceIo& io : view.container.reading.io)
    sink.add(Number::count(io.discards), {{"device", DeviceName(view.snapshot, io.device).text()}});
}

void network_scope(const ContainerView& view, SampleSink& sink) {
  using model::NetworkScope;
  const auto scope = [&]() -> std::string_view {
    switch (view.container.reading.network_scope) {
      case NetworkScope::Own:
        return "own";
      case NetworkScope::Shared:
        return "shared";
      case NetworkScope::Host:
        return "host";
      case NetworkScope::Unknown:
        break;
    }
    return {};
  }();
  if (!scope.empty()) sink.add(Number::count(1), {{"scope", scope}});
}

const model::Metadata* metadata(const ContainerView& view) {
  return view.container.metadata.get();
}

void created(const ContainerView& view, SampleSink& sink) {
  if (const auto* it = metadata(view); it && it->created) sink.add(Number::real(*it->created));
}

void started(const ContainerView& view, SampleSink& sink) {
  if (const auto* it = metadata(view); it && it->started) sink.add(Number::real(*it->started));
}

void finished(const ContainerView& view, SampleSink& sink) {
  if (view.container.ended) sink.add(wall_time(view.snapshot, *view.container.ended));
}

// While a container runs, an engine reports the exit code and OOM state of the incarnation before it.
void exit_code(const ContainerView& view, SampleSink& sink) {
  if (const auto* it = metadata(view); it && view.container.ended && it->exit_code)
    sink.add(Number::real(*it->exit_code));
}

void oom_killed(const ContainerView& view, SampleSink& sink) {
  if (const auto* it = metadata(view); it && view.container.ended && it->oom_killed)
    sink.add(Number::count(*it->oom_killed ? 1 : 0));
}

void restarts(const ContainerView& view, SampleSink& sink) {
  if (const auto* it = metadata(view); it && it->restarts) sink.add(Number::count(*it->restarts));
}

void cpus_asked(const ContainerView& view, SampleSink& sink) {
  if (const auto* it = metadata(view); it && it->cpu_limit) sink.add(Number::real(*it->cpu_limit));
}

void memory_asked(const ContainerView& view, SampleSink& sink) {
  if (const auto* it = metadata(view); it && it->memory_limit_bytes) sink.add(Number::count(*it->memory_limit_bytes));
}

void append_events(std::vector<Family>& families) {
  const auto event = [](Field field) { return FieldSample{field, {{"event", spec(field).key}}}; };
  families.push_back(field_family(
      Subject::Container, "benchd_container_memory_events_total", "Memory events of the container and all below it",
      {event(Field::MemoryEventsLow), event(Field::MemoryEventsHigh), event(Field::MemoryEventsMax),
       event(Field::MemoryEventsOom), event(Field::MemoryEventsOomKill), event(Field::MemoryEventsOomGroupKill)}));
  families.push_back(field_family(
      Subject::Container, "benchd_container_memory_events_local_total", "Memory events of the container's own cgroup",
      {event(Field::MemoryEventsLocalLow), event(Field::MemoryEventsLocalHigh), event(Field::MemoryEventsLocalMax),
       event(Field::MemoryEventsLocalOom), event(Field::MemoryEventsLocalOomKill),
       event(Field::MemoryEventsLocalOomGroupKill)}));
  families.push_back(field_family(
      Subject::Container, "benchd_container_swap_events_total", "Swap events of the container and all below it",
      {event(Field::SwapEventsHigh), event(Field::SwapEventsMax), event(Field::SwapEventsFail)}));
}

}  // namespace

void append_container_families(std::vector<Family>& families) {
  for (const Row& row : kRows)
    families.push_back(field_family(Subject::Container, std::string("benchd_container_") + row.name, row.help,
                                    {{row.field}}, row.after_end));
  append_events(families);

  const auto add = [&](Type type, const char* name, const char* help, const char* labels, const char* source,
                       ContainerSamples samples, AfterEnd after_end) {
    families.push_back(computed_family(Subject::Container, type, name, help, labels, source, {}, samples, after_end));
  };
  using enum AfterEnd;
  add(Type::Counter, "benchd_container_io_discarded_bytes_total", "Bytes discarded on the device", "device",
      "io.stat dbytes", io_discarded, Stays);
  add(Type::Counter, "benchd_container_io_discards_total", "Discards on the device", "device", "io.stat dios",
      io_discards, Stays);
  add(Type::Gauge, "benchd_container_network_info",
      "Whose network namespace the container is in: its own, one charged to another container, or the host's", "scope",
      "/proc/PID/net/dev", network_scope, Vanishes);
  families.push_back(computed_family(
      Subject::Info, Type::Gauge, "benchd_container_info", "What the container is; always 1",
      "image, image_digest, runtime, runtime_id, pod_uid, log_driver, label_…", "cgroup path, runtime", {},
      [](const ContainerView&, SampleSink& sink) { sink.add(Number::count(1)); }, Stays));
  add(Type::Gauge, "benchd_container_created_timestamp_seconds", "When the container was created, Unix time", "",
      "runtime", created, Stays);
  add(Type::Gauge, "benchd_container_started_timestamp_seconds", "When the container was started, Unix time", "",
      "runtime", started, Stays);
  add(Type::Gauge, "benchd_container_finished_timestamp_seconds",
      "When the last process was gone, Unix time; absent while there is one", "", "cgroup.events populated", finished,
      Stays);
  add(Type::Gauge, "benchd_container_exit_code", "Exit code of the finished container", "", "runtime", exit_code,
      Stays);
  add(Type::Gauge, "benchd_container_oom_killed", "1 if the runtime says that the OOM killer ended the container", "",
      "runtime", oom_killed, Stays);
  add(Type::Counter, "benchd_container_restarts_total", "Restarts by the runtime's restart policy", "", "runtime",
      restarts, Stays);
  add(Type::Gauge, "benchd_container_requested_cpus", "Cpus worth of CPU time that the runtime was asked to allow", "",
      "runtime", cpus_asked, Vanishes);
  add(Type::Gauge, "benchd_container_requested_memory_bytes", "Memory limit that the runtime was asked for", "",
      "runtime", memory_asked, Vanishes);
}

}  // namespace benchd::exposition
