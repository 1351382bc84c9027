#include <algorithm>
#include <cmath>

#include "exporters/prometheus/family_tables.h"

/// The families that dashboards and alerts made for cAdvisor ask for, under its names, labels and units. Where cAdvisor
/// is wrong on cgroup v2 these are right: CPU from 0 at birth; throttling whoever set the quota; memory.low as the
/// reservation; kernel memory, failcnt and OOM kills from the files that have them; one scope where there is one value;
/// IO of the container alone; container_last_seen as the time of the last good reading.
namespace benchd::exposition {
namespace {

using model::Field;

struct Row {
  const char* name;
  Field field;
  const char* help;
  AfterEnd after_end = AfterEnd::Vanishes;
};

// clang-format off
constexpr Row kRows[] = {
    {"container_cpu_user_seconds_total", Field::CpuUser, "CPU time used in user mode"},
    {"container_cpu_system_seconds_total", Field::CpuSystem, "CPU time used in kernel mode"},
    {"container_cpu_cfs_periods_total", Field::CpuPeriods, "Enforcement periods of the CPU quota in which the container wanted to run"},
    {"container_cpu_cfs_throttled_periods_total", Field::CpuThrottledPeriods, "Enforcement periods in which the container was throttled"},
    {"container_cpu_cfs_throttled_seconds_total", Field::CpuThrottled, "Time throttled, summed over cpus; blind to quotas of ancestors"},
    {"container_cpu_cfs_burst_periods_total", Field::CpuBursts, "Enforcement periods in which the container ran beyond its quota by saved time"},
    {"container_cpu_cfs_burst_seconds_total", Field::CpuBurstTime, "CPU time used beyond the quota by saved time"},
    {"container_memory_usage_bytes", Field::MemoryCurrent, "Memory charged to the container, page cache included"},
    {"container_memory_rss", Field::MemoryAnon, "Anonymous memory"},
    {"container_memory_cache", Field::MemoryFile, "Page cache, tmpfs and shared memory included"},
    {"container_memory_mapped_file", Field::MemoryFileMapped, "Page cache that is mapped into processes"},
    {"container_memory_swap", Field::SwapCurrent, "Swap used"},
    {"container_memory_max_usage_bytes", Field::MemoryPeak, "Most memory ever charged to the container", AfterEnd::Stays},
    {"container_memory_kernel_usage", Field::MemoryKernel, "Kernel memory"},
    {"container_memory_total_active_file_bytes", Field::MemoryActiveFile, "Page cache on the active list"},
    {"container_memory_total_inactive_file_bytes", Field::MemoryInactiveFile, "Page cache on the inactive list: the first to be reclaimed"},
    {"container_memory_file_dirty_bytes", Field::MemoryFileDirty, "Page cache not yet written back"},
    {"container_memory_file_writeback_bytes", Field::MemoryFileWriteback, "Page cache being written back"},
    {"container_memory_events_high_total", Field::MemoryEventsHigh, "Times a process was throttled because memory was above memory.high"},
    {"container_memory_events_max_total", Field::MemoryEventsMax, "Times memory was about to go over memory.max"},
    {"container_memory_pgscan_total", Field::MemoryPgscan, "Pages scanned for reclaim"},
    {"container_memory_pgsteal_total", Field::MemoryPgsteal, "Pages reclaimed"},
    {"container_memory_workingset_refault_file_total", Field::MemoryRefaultFile, "Refaults of file pages evicted not long before"},
    {"container_memory_workingset_refault_anon_total", Field::MemoryRefaultAnon, "Refaults of anonymous pages evicted not long before"},
    {"container_oom_events_total", Field::MemoryEventsOomKill, "Processes killed by the OOM killer"},
    {"container_pressure_cpu_waiting_seconds_total", Field::CpuPressureSome, "Time in which some task waited for a cpu"},
    {"container_pressure_cpu_stalled_seconds_total", Field::CpuPressureFull, "Time in which all tasks waited for a cpu"},
    {"container_pressure_memory_waiting_seconds_total", Field::MemoryPressureSome, "Time in which some task waited for memory"},
    {"container_pressure_memory_stalled_seconds_total", Field::MemoryPressureFull, "Time in which all tasks waited for memory"},
    {"container_pressure_io_waiting_seconds_total", Field::IoPressureSome, "Time in which some task waited for IO"},
    {"container_pressure_io_stalled_seconds_total", Field::IoPressureFull, "Time in which all tasks waited for IO"},
    {"container_processes", Field::Processes, "Processes in the container and all below it"},
    {"container_threads", Field::PidsCurrent, "Threads in the container"},
};
// clang-format on

void working_set(const ContainerView& view, SampleSink& sink) {
  const model::FieldValues& values = view.container.reading.values;
  const auto current = values.get(Field::MemoryCurrent);
  const auto inactive = values.get(Field::MemoryInactiveFile);
  // The two files are read at two instants: the difference may come out below 0.
  if (current && inactive) sink.add(Number::count(*current - std::min(*current, *inactive)));
}

void failures(const ContainerView& view, SampleSink& sink) {
  const model::FieldValues& values = view.container.reading.values;
  // memory.stat counts the whole subtree; cAdvisor repeats the value as scope="container", and sums come out double.
  sink.add(number(values, Field::MemoryPgfault), {{"failure_type", "pgfault"}, {"scope", "hierarchy"}});
  sink.add(number(values, Field::MemoryPgmajfault), {{"failure_type", "pgmajfault"}, {"scope", "hierarchy"}});
}

/// Limits as cAdvisor has them: without one, 0.
void add_limit(SampleSink& sink, const std::optional<uint64_t>& limit) {
  if (limit) sink.add(Number::count(*limit == model::kUnlimited ? 0 : *limit));
}

void memory_limit(const ContainerView& view, SampleSink& sink) {
  add_limit(sink, view.container.reading.values.get(Field::MemoryMax));
}

/// v1's limit was on memory and swap together; v2's memory.swap.max is on swap alone.
void memory_and_swap_limit(const ContainerView& view, SampleSink& sink) {
  const auto memory = view.container.reading.values.get(Field::MemoryMax);
  const auto swap = view.container.reading.values.get(Field::SwapMax);
  if (!memory || !swap) return;
  const bool unlimited = *memory == model::kUnlimited || *swap == model::kUnlimited;
  add_limit(sink, unlimited ? model::kUnlimited : *memory + *swap);
}

void threads_limit(const ContainerView& view, SampleSink& sink) {
  add_limit(sink, view.container.reading.values.get(Field::PidsMax));
}

/// In microseconds, as in cAdvisor; no series without a quota.
void cpu_quota(const ContainerView& view, SampleSink& sink) {
  const auto quota = view.container.reading.values.get(Field::CpuQuota);
  if (quota && *quota != model::kUnlimited) sink.add(Number::count(*quota));
}

void cpu_period(const ContainerView& view, SampleSink& sink) {
  if (const auto period = view.container.reading.values.get(Field::CpuPeriod)) sink.add(Number::count(*period));
}

/// The v1 shares that a runtime turns into this cpu.weight. Runtimes had a linear map (1024 shares gave weight 39);
/// since runc 1.3.2 and crun 1.23 weight = ceil(10^((l² + 125 l) / 612 − 7/34)) with l = log2(shares), in which both
/// defaults meet: 1024 shares and weight 100. A container without any request has weight 100 under either, so only the
/// second map's inverse is right for it. The ceiling makes a range of shares one weight; this is the largest. The exact
/// figure is benchd_container_cpu_weight.
void cpu_shares(const ContainerView& view, SampleSink& sink) {
  const auto weight = view.container.reading.values.get(Field::CpuWeight);
  if (!weight || *weight == 0) return;
  const double exponent = std::log10(static_cast<double>(*weight)) + 7.0 / 34.0;
  const double log_shares = (std::sqrt(125.0 * 125.0 + 4 * 612.0 * exponent) - 125.0) / 2;
  constexpr double kRounding = 1e-6;  // 1024 must not become 1023 for a last binary digit
  sink.add(Number::count(static_cast<uint64_t>(std::exp2(log_shares) + kRounding)));
}

template <uint64_t model::DeviceIo::*Counter>
void device_counter(const ContainerView& view, SampleSink& sink) {
  for (const model::DeviceIo& io : view.container.reading.io)
    sink.add(Number::count(io.*Counter), {{"device", DeviceName(view.snapshot, io.device, "/dev/").text()}});
}

void device_usage(const ContainerView& view, SampleSink& sink) {
  for (const model::DeviceIo& io : view.container.reading.io) {
    const DeviceName device(view.snapshot, io.device, "/dev/");
    const IntegerText major(io.device.major);
    const IntegerText minor(io.device.minor);
    const auto add = [&](uint64_t bytes, std::string_view operation) {
      sink.add(Number::count(bytes),
               {{"device", device.text()}, {"major", major.text()}, {"minor", minor.text()}, {"operation", operation}});
    };
    add(io.read_bytes, "Read");
    add(io.written_bytes, "Write");
  }
}

template <uint64_t model::InterfaceTraffic::*Counter>
void interface_counter(const ContainerView& view, SampleSink& sink) {
  for (const model::InterfaceTraffic& traffic : view.container.reading.network)
    sink.add(Number::count(traffic.*Counter), {{"interface", traffic.name.data()}});
}

void last_seen(const ContainerView& view, SampleSink& sink) {
  if (view.container.reading.at != 0) sink.add(wall_time(view.snapshot, view.container.reading.at));
}

void start_time(const ContainerView& view, SampleSink& sink) {
  if (view.container.metadata && view.container.metadata->started)
    sink.add(Number::real(*view.container.metadata->started));
}

void creation_time(const ContainerView& view, SampleSink& sink) {
  if (view.container.metadata && view.container.metadata->created)
    sink.add(Number::real(*view.container.metadata->created));
}

void health_state(const ContainerView& view, SampleSink& sink) {
  if (!view.container.metadata) return;
  const std::string& health = view.container.metadata->health;
  sink.add(Number::real(health.empty() ? -1 : health == "healthy" ? 1 : 0));
}

void append_limits(std::vector<Family>& families) {
  const auto add = [&](const char* name, const char* help, std::vector<Field> fields, ContainerSamples samples) {
    families.push_back(computed_family(Subject::DropIn, Type::Gauge, name, help, "", "", std::move(fields), samples));
  };
  add("container_memory_working_set_bytes",
      "Memory that reclaim cannot take at once: usage without inactive page cache",
      {Field::MemoryCurrent, Field::MemoryInactiveFile}, working_set);
  add("container_spec_cpu_period", "Period of the CPU quota in microseconds", {Field::CpuPeriod}, cpu_period);
  add("container_spec_cpu_quota", "CPU quota per period in microseconds; absent without one", {Field::CpuQuota},
      cpu_quota);
  add("container_spec_cpu_shares", "CPU shares that a runtime turns into this weight", {Field::CpuWeight}, cpu_shares);
  add("container_spec_memory_limit_bytes", "Memory limit; 0 without one", {Field::MemoryMax}, memory_limit);
  add("container_spec_memory_swap_limit_bytes", "Limit of memory and swap together; 0 without one",
      {Field::MemoryMax, Field::SwapMax}, memory_and_swap_limit);
  families.push_back(field_family(Subject::DropIn, "container_spec_memory_reservation_limit_bytes",
                                  "Memory protected from reclaim while others have some", {{Field::MemoryLow}}));
  add("container_threads_max", "Limit of threads; 0 without one", {Field::PidsMax}, threads_limit);
}

void append_io(std::vector<Family>& families) {
  using model::DeviceIo;
  const auto add = [&](const char* name, const char* help, const char* labels, const char* source,
                       ContainerSamples samples) {
    families.push_back(computed_family(Subject::DropIn, Type::Counter, name, help, labels, source, {}, samples));
  };
  add("container_fs_reads_bytes_total", "Bytes read from the device", "device", "io.stat rbytes",
      device_counter<&DeviceIo::read_bytes>);
  add("container_fs_writes_bytes_total", "Bytes written to the device", "device", "io.stat wbytes",
      device_counter<&DeviceIo::written_bytes>);
  add("container_fs_reads_total", "Reads from the device", "device", "io.stat rios", device_counter<&DeviceIo::reads>);
  add("container_fs_writes_total", "Writes to the device", "device", "io.stat wios", device_counter<&DeviceIo::writes>);
  add("container_blkio_device_usage_total", "Bytes read from and written to the device",
      "device, major, minor, operation", "io.stat rbytes, wbytes", device_usage);
}

void append_network(std::vector<Family>& families) {
  using model::InterfaceTraffic;
  const auto add = [&](const char* name, const char* help, ContainerSamples samples) {
    families.push_back(
        computed_family(Subject::DropIn, Type::Counter, name, help, "interface", "/proc/PID/net/dev", {}, samples));
  };
  add("container_network_receive_bytes_total", "Bytes received", interface_counter<&InterfaceTraffic::receive_bytes>);
  add("container_network_receive_packets_total", "Packets received",
      interface_counter<&InterfaceTraffic::receive_packets>);
  add("container_network_receive_packets_dropped_total", "Received packets dropped",
      interface_counter<&InterfaceTraffic::receive_dropped>);
  add("container_network_receive_errors_total", "Errors while receiving",
      interface_counter<&InterfaceTraffic::receive_errors>);
  add("container_network_transmit_bytes_total", "Bytes sent", interface_counter<&InterfaceTraffic::transmit_bytes>);
  add("container_network_transmit_packets_total", "Packets sent",
      interface_counter<&InterfaceTraffic::transmit_packets>);
  add("container_network_transmit_packets_dropped_total", "Packets dropped before they were sent",
      interface_counter<&InterfaceTraffic::transmit_dropped>);
  add("container_network_transmit_errors_total", "Errors while sending",
      interface_counter<&InterfaceTraffic::transmit_errors>);
}

}  // namespace

void append_drop_in_families(std::vector<Family>& families) {
  families.push_back(field_family(Subject::DropIn, "container_cpu_usage_seconds_total", "CPU time used",
                                  {{Field::CpuUsage, {{"cpu", "total"}}}}));
  for (const Row& row : kRows)
    families.push_back(field_family(Subject::DropIn, row.name, row.help, {{row.field}}, row.after_end));
  families.push_back(computed_family(Subject::DropIn, Type::Unknown, "container_memory_failcnt",
                                     "Times memory was about to go over its limit", "", "", {Field::MemoryEventsMax},
                                     [](const ContainerView& view, SampleSink& sink) {
                                       sink.add(number(view.container.reading.values, Field::MemoryEventsMax));
                                     }));
  families.push_back(
      computed_family(Subject::DropIn, Type::Counter, "container_memory_failures_total",
                      "Page faults, and those among them that needed IO, of the container and all below it",
                      "failure_type, scope", "", {Field::MemoryPgfault, Field::MemoryPgmajfault}, failures));
  append_limits(families);
  append_io(families);
  append_network(families);
  const auto add = [&](const char* name, const char* help, const char* source, ContainerSamples samples,
                       AfterEnd after_end) {
    families.push_back(computed_family(Subject::DropIn, Type::Gauge, name, help, "", source, {}, samples, after_end));
  };
  add("container_start_time_seconds", "When the container was started, Unix time", "runtime", start_time,
      AfterEnd::Stays);
  add("container_creation_time_seconds", "When the container was created, Unix time", "runtime", creation_time,
      AfterEnd::Stays);
  add("container_last_seen", "When the container was last read, Unix time", "benchd", last_seen, AfterEnd::Vanishes);
  add("container_health_state", "1 healthy, 0 starting or unhealthy, -1 without a health check", "runtime",
      health_state, AfterEnd::Vanishes);
}

}  // namespace benchd::exposition
