#include <string>

#include "exporters/prometheus/family_tables.h"

namespace benchd::exposition {
namespace {

using model::CpuMode;
using model::HostCpu;
using model::HostDisk;
using model::HostField;
using model::HostFilesystem;
using model::HostNode;
using model::InterfaceTraffic;
using model::Kind;

struct Row {
  const char* name;
  HostField field;
  const char* help;
};

// clang-format off
constexpr Row kRows[] = {
    {"machine_memory_bytes", HostField::MemoryTotal, "Memory that the kernel manages"},
    {"machine_swap_bytes", HostField::SwapTotal, "Swap space"},
    {"benchd_host_context_switches_total", HostField::ContextSwitches, "Context switches"},
    {"benchd_host_forks_total", HostField::Forks, "Processes and threads created"},
    {"benchd_host_interrupts_total", HostField::Interrupts, "Interrupts"},
    {"benchd_host_softirqs_total", HostField::SoftIrqs, "Software interrupts"},
    {"benchd_host_threads_runnable", HostField::ProcessesRunning, "Threads that run or want to"},
    {"benchd_host_threads_blocked", HostField::ProcessesBlocked, "Threads that wait for IO"},
    {"benchd_host_boot_timestamp_seconds", HostField::BootTime, "When the host booted, Unix time"},
    {"benchd_host_memory_free_bytes", HostField::MemoryFree, "Memory that nothing uses"},
    {"benchd_host_memory_available_bytes", HostField::MemoryAvailable, "Memory that can be had without swapping, as the kernel estimates"},
    {"benchd_host_memory_buffers_bytes", HostField::MemoryBuffers, "Page cache of block devices"},
    {"benchd_host_memory_cached_bytes", HostField::MemoryCached, "Page cache of files, shared memory included"},
    {"benchd_host_memory_active_bytes", HostField::MemoryActive, "Memory on active lists"},
    {"benchd_host_memory_inactive_bytes", HostField::MemoryInactive, "Memory on inactive lists"},
    {"benchd_host_memory_unevictable_bytes", HostField::MemoryUnevictable, "Memory that reclaim must leave alone"},
    {"benchd_host_memory_mlocked_bytes", HostField::MemoryMlocked, "Memory locked by mlock"},
    {"benchd_host_memory_dirty_bytes", HostField::MemoryDirty, "Page cache not yet written back"},
    {"benchd_host_memory_writeback_bytes", HostField::MemoryWriteback, "Page cache being written back"},
    {"benchd_host_memory_anon_bytes", HostField::MemoryAnonPages, "Anonymous memory"},
    {"benchd_host_memory_mapped_bytes", HostField::MemoryMapped, "Page cache that is mapped into processes"},
    {"benchd_host_memory_shmem_bytes", HostField::MemoryShmem, "Shared memory and tmpfs"},
    {"benchd_host_memory_slab_bytes", HostField::MemorySlab, "Kernel objects"},
    {"benchd_host_memory_slab_reclaimable_bytes", HostField::MemorySlabReclaimable, "Kernel objects that reclaim may free"},
    {"benchd_host_memory_slab_unreclaimable_bytes", HostField::MemorySlabUnreclaimable, "Kernel objects that reclaim cannot free"},
    {"benchd_host_memory_kernel_stack_bytes", HostField::MemoryKernelStack, "Kernel stacks"},
    {"benchd_host_memory_page_tables_bytes", HostField::MemoryPageTables, "Page tables"},
    {"benchd_host_memory_commit_limit_bytes", HostField::MemoryCommitLimit, "Memory that strict overcommit would promise"},
    {"benchd_host_memory_committed_bytes", HostField::MemoryCommitted, "Memory promised to processes"},
    {"benchd_host_memory_anon_huge_bytes", HostField::MemoryAnonHugePages, "Anonymous memory in transparent huge pages"},
    {"benchd_host_huge_pages", HostField::HugePagesTotal, "Reserved huge pages"},
    {"benchd_host_huge_pages_free", HostField::HugePagesFree, "Reserved huge pages that nothing uses"},
    {"benchd_host_huge_page_size_bytes", HostField::HugePageSize, "Size of a reserved huge page"},
    {"benchd_host_swap_free_bytes", HostField::SwapFree, "Swap space that nothing uses"},
    {"benchd_host_swap_cached_bytes", HostField::SwapCached, "Memory that is in swap and in memory"},
    {"benchd_host_page_faults_total", HostField::PageFaults, "Page faults"},
    {"benchd_host_major_page_faults_total", HostField::MajorPageFaults, "Page faults that needed IO"},
    {"benchd_host_pages_swapped_in_total", HostField::PagesSwappedIn, "Pages read from swap"},
    {"benchd_host_pages_swapped_out_total", HostField::PagesSwappedOut, "Pages written to swap"},
    {"benchd_host_oom_kills_total", HostField::OomKills, "Processes killed by the OOM killer"},
    {"benchd_host_pages_scanned_kswapd_total", HostField::PagesScannedKswapd, "Pages scanned for reclaim in the background"},
    {"benchd_host_pages_scanned_direct_total", HostField::PagesScannedDirect, "Pages scanned by processes that needed memory at once"},
    {"benchd_host_pages_reclaimed_kswapd_total", HostField::PagesReclaimedKswapd, "Pages reclaimed in the background"},
    {"benchd_host_pages_reclaimed_direct_total", HostField::PagesReclaimedDirect, "Pages reclaimed by processes that needed memory at once"},
    {"benchd_host_compaction_stalls_total", HostField::CompactionStalls, "Times a process had to compact memory to get a large page"},
    {"benchd_host_huge_page_faults_total", HostField::ThpFaultAlloc, "Transparent huge pages allocated by a page fault"},
    {"benchd_host_huge_page_fault_fallbacks_total", HostField::ThpFaultFallback, "Page faults that got small pages because no huge one was free"},
    {"benchd_host_pressure_cpu_waiting_seconds_total", HostField::CpuPressureSome, "Time in which some task waited for a cpu"},
    {"benchd_host_pressure_cpu_stalled_seconds_total", HostField::CpuPressureFull, "Time in which all tasks waited for a cpu"},
    {"benchd_host_pressure_memory_waiting_seconds_total", HostField::MemoryPressureSome, "Time in which some task waited for memory"},
    {"benchd_host_pressure_memory_stalled_seconds_total", HostField::MemoryPressureFull, "Time in which all tasks waited for memory"},
    {"benchd_host_pressure_io_waiting_seconds_total", HostField::IoPressureSome, "Time in which some task waited for IO"},
    {"benchd_host_pressure_io_stalled_seconds_total", HostField::IoPressureFull, "Time in which all tasks waited for IO"},
    {"benchd_host_pressure_irq_stalled_seconds_total", HostField::IrqPressureFull, "Time in which all tasks waited for interrupts to be handled"},
};
// clang-format on

Family host_field_family(const Row& row) {
  const model::HostFieldSpec& field = spec(row.field);
  std::string source = "/proc/" + std::string(name_of(field.file)) + " " + std::string(field.key);
  if (field.unit == model::Unit::Microseconds) source += " total";
  Family family = host_family(field.kind == Kind::Counter ? Type::Counter : Type::Gauge, row.name, row.help, "",
                              std::move(source), nullptr);
  family.samples = std::vector<HostFieldSample>{{row.field}};
  return family;
}

template <class Integer>
void add(SampleSink& sink, const std::optional<Integer>& value, std::initializer_list<Label> labels = {}) {
  if (value) sink.add(Number::count(*value), labels);
}

void append_machine(std::vector<Family>& families) {
  const char* source = "/sys/devices/system/cpu";
  families.push_back(
      host_family(Type::Gauge, "machine_cpu_cores", "Logical cpus online", "", source,
                  [](const HostView& view, SampleSink& sink) { add(sink, view.snapshot.host.topology.cpus); }));
  families.push_back(host_family(
      Type::Gauge, "machine_cpu_physical_cores", "Cores with a cpu online", "", source,
      [](const HostView& view, SampleSink& sink) { add(sink, view.snapshot.host.topology.physical_cores); }));
  families.push_back(
      host_family(Type::Gauge, "machine_cpu_sockets", "Sockets with a cpu online", "", source,
                  [](const HostView& view, SampleSink& sink) { add(sink, view.snapshot.host.topology.sockets); }));
  families.push_back(host_family(Type::Gauge, "benchd_host_smt_active", "1 if some core has more than one cpu online",
                                 "", source, [](const HostView& view, SampleSink& sink) {
                                   if (const auto smt = view.snapshot.host.topology.smt)
                                     sink.add(Number::count(*smt ? 1 : 0));
                                 }));
}

template <double model::LoadAverages::*Average>
void load(const HostView& view, SampleSink& sink) {
  if (view.snapshot.host.load) sink.add(Number::real((*view.snapshot.host.load).*Average));
}

void append_load(std::vector<Family>& families) {
  const auto add_load = [&](const char* name, const char* help, HostSamples samples) {
    families.push_back(host_family(Type::Gauge, name, help, "", "/proc/loadavg", samples));
  };
  add_load("benchd_host_load1", "Threads runnable or blocked, mean of 1 minute", load<&model::LoadAverages::one>);
  add_load("benchd_host_load5", "Threads runnable or blocked, mean of 5 minutes", load<&model::LoadAverages::five>);
  add_load("benchd_host_load15", "Threads runnable or blocked, mean of 15 minutes",
           load<&model::LoadAverages::fifteen>);
}

/// One series per cpu for which `value` gives one.
template <auto value>
void per_cpu(const HostView& view, SampleSink& sink) {
  for (const HostCpu& cpu : view.snapshot.host.cpus)
    if (const std::optional<Number> number = value(cpu)) sink.add(*number, {{"cpu", IntegerText(cpu.cpu).text()}});
}

template <std::optional<uint64_t> model::ThermalThrottle::*Value>
std::optional<Number> throttle_count(const HostCpu& cpu) {
  const auto& value = cpu.throttle.*Value;
  return value ? std::optional(Number::count(*value)) : std::nullopt;
}

template <std::optional<uint64_t> model::ThermalThrottle::*Value>
std::optional<Number> throttle_time(const HostCpu& cpu) {
  const auto& value = cpu.throttle.*Value;
  return value ? std::optional(Number::nanoseconds(*value)) : std::nullopt;
}

std::optional<Number> frequency(const HostCpu& cpu) {
  return cpu.frequency_hz ? std::optional(Number::count(*cpu.frequency_hz)) : std::nullopt;
}

void cpu_time(const HostView& view, SampleSink& sink) {
  for (const HostCpu& cpu : view.snapshot.host.cpus) {
    const IntegerText name(cpu.cpu);
    for (size_t mode = 0; mode < model::kCpuModeCount; ++mode)
      sink.add(Number::nanoseconds(cpu.time_ns[mode]),
               {{"cpu", name.text()}, {"mode", name_of(static_cast<CpuMode>(mode))}});
  }
}

void cpu_guest_time(const HostView& view, SampleSink& sink) {
  for (const HostCpu& cpu : view.snapshot.host.cpus) {
    const IntegerText name(cpu.cpu);
    sink.add(Number::nanoseconds(cpu.guest_ns), {{"cpu", name.text()}, {"mode", name_of(CpuMode::User)}});
    sink.add(Number::nanoseconds(cpu.guest_nice_ns), {{"cpu", name.text()}, {"mode", name_of(CpuMode::Nice)}});
  }
}

void cpu_info(const HostView& view, SampleSink& sink) {
  for (const HostCpu& cpu : view.snapshot.host.cpus)
    if (cpu.core && cpu.package)
      sink.add(Number::count(1), {{"cpu", IntegerText(cpu.cpu).text()},
                                  {"core", IntegerText(*cpu.core).text()},
                                  {"package", IntegerText(*cpu.package).text()}});
}

void cpu_interrupts(const HostView& view, SampleSink& sink) {
  for (const HostCpu& cpu : view.snapshot.host.cpus) {
    if (!cpu.interrupts) continue;
    const IntegerText name(cpu.cpu);
    for (size_t i = 0; i < model::kInterruptCount; ++i)
      sink.add(Number::count((*cpu.interrupts)[i]),
               {{"cpu", name.text()}, {"interrupt", name_of(static_cast<model::Interrupt>(i))}});
  }
}

void cpu_softirqs(const HostView& view, SampleSink& sink) {
  for (const HostCpu& cpu : view.snapshot.host.cpus) {
    if (!cpu.softirqs) continue;
    const IntegerText name(cpu.cpu);
    for (size_t i = 0; i < model::kSoftIrqCount; ++i)
      sink.add(Number::count((*cpu.softirqs)[i]),
               {{"cpu", name.text()}, {"softirq", name_of(static_cast<model::SoftIrq>(i))}});
  }
}

void append_cpus(std::vector<Family>& families) {
  using model::ThermalThrottle;
  const auto counter = [&](const char* name, const char* help, const char* labels, const char* source,
                           HostSamples samples) {
    families.push_back(host_family(Type::Counter, name, help, labels, source, samples));
  };
  counter("benchd_host_cpu_seconds_total", "Time of each cpu by mode, in steps of a tick; the modes add up to all",
          "cpu, mode", "/proc/stat", cpu_time);
  counter("benchd_host_cpu_guest_seconds_total", "The part of user and nice time that ran virtual machines",
          "cpu, mode", "/proc/stat", cpu_guest_time);
  counter("benchd_host_cpu_interrupts_total", "Interrupts of each cpu; the kinds add up to all", "cpu, interrupt",
          "/proc/interrupts", cpu_interrupts);
  counter("benchd_host_cpu_softirqs_total", "Software interrupts of each cpu", "cpu, softirq", "/proc/softirqs",
          cpu_softirqs);
  families.push_back(host_family(Type::Gauge, "benchd_host_cpu_frequency_hertz", "Frequency of the cpu", "cpu",
                                 "cpufreq/scaling_cur_freq", per_cpu<frequency>));
  families.push_back(host_family(Type::Gauge, "benchd_host_cpu_info", "Where the cpu sits; always 1",
                                 "cpu, core, package", "/sys/devices/system/cpu/cpuN/topology", cpu_info));
  counter("benchd_host_cpu_core_throttles_total", "Times heat cut the core's clock", "cpu",
          "thermal_throttle/core_throttle_count", per_cpu<throttle_count<&ThermalThrottle::core_events>>);
  counter("benchd_host_cpu_core_throttled_seconds_total", "Time heat cut the core's clock", "cpu",
          "thermal_throttle/core_throttle_total_time_ms", per_cpu<throttle_time<&ThermalThrottle::core_ns>>);
  counter("benchd_host_cpu_package_throttles_total", "Times heat cut the package's clock; each of its cpus says so",
          "cpu", "thermal_throttle/package_throttle_count", per_cpu<throttle_count<&ThermalThrottle::package_events>>);
  counter("benchd_host_cpu_package_throttled_seconds_total",
          "Time heat cut the package's clock; each of its cpus says so", "cpu",
          "thermal_throttle/package_throttle_total_time_ms", per_cpu<throttle_time<&ThermalThrottle::package_ns>>);
}

/// One series per disk for which `value` gives one.
template <auto value>
void per_disk(const HostView& view, SampleSink& sink) {
  for (const HostDisk& disk : view.snapshot.host.disks)
    if (const std::optional<Number> number = value(disk)) sink.add(*number, {{"device", disk.name.data()}});
}

template <uint64_t HostDisk::*Value>
std::optional<Number> disk_count(const HostDisk& disk) {
  return Number::count(disk.*Value);
}

template <uint64_t HostDisk::*Value>
std::optional<Number> disk_time(const HostDisk& disk) {
  return Number::nanoseconds(disk.*Value);
}

template <uint64_t HostDisk::Discards::*Value>
std::optional<Number> discard_count(const HostDisk& disk) {
  return disk.discards ? std::optional(Number::count((*disk.discards).*Value)) : std::nullopt;
}

std::optional<Number> discard_time(const HostDisk& disk) {
  return disk.discards ? std::optional(Number::nanoseconds(disk.discards->ns)) : std::nullopt;
}

std::optional<Number> flush_count(const HostDisk& disk) {
  return disk.flushes ? std::optional(Number::count(disk.flushes->count)) : std::nullopt;
}

std::optional<Number> flush_time(const HostDisk& disk) {
  return disk.flushes ? std::optional(Number::nanoseconds(disk.flushes->ns)) : std::nullopt;
}

void append_disks(std::vector<Family>& families) {
  using Discards = HostDisk::Discards;
  const auto counter = [&](const char* name, const char* help, HostSamples samples) {
    families.push_back(host_family(Type::Counter, std::string("benchd_host_disk_") + name + "_total", help, "device",
                                   "/proc/diskstats", samples));
  };
  counter("reads", "Reads completed", per_disk<disk_count<&HostDisk::reads>>);
  counter("reads_merged", "Reads merged with a neighbour", per_disk<disk_count<&HostDisk::reads_merged>>);
  counter("read_bytes", "Bytes read", per_disk<disk_count<&HostDisk::read_bytes>>);
  counter("read_seconds", "Time that reads took, summed over requests", per_disk<disk_time<&HostDisk::read_ns>>);
  counter("writes", "Writes completed", per_disk<disk_count<&HostDisk::writes>>);
  counter("writes_merged", "Writes merged with a neighbour", per_disk<disk_count<&HostDisk::writes_merged>>);
  counter("written_bytes", "Bytes written", per_disk<disk_count<&HostDisk::written_bytes>>);
  counter("write_seconds", "Time that writes took, summed over requests", per_disk<disk_time<&HostDisk::write_ns>>);
  counter("busy_seconds", "Time with a request in flight", per_disk<disk_time<&HostDisk::busy_ns>>);
  counter("weighted_seconds", "Time with a request in flight, times the requests",
          per_disk<disk_time<&HostDisk::weighted_ns>>);
  counter("discards", "Discards completed", per_disk<discard_count<&Discards::count>>);
  counter("discards_merged", "Discards merged with a neighbour", per_disk<discard_count<&Discards::merged>>);
  counter("discarded_bytes", "Bytes discarded", per_disk<discard_count<&Discards::bytes>>);
  counter("discard_seconds", "Time that discards took, summed over requests", per_disk<discard_time>);
  counter("flushes", "Flushes completed", per_disk<flush_count>);
  counter("flush_seconds", "Time that flushes took, summed over requests", per_disk<flush_time>);
  families.push_back(host_family(Type::Gauge, "benchd_host_disk_requests_in_flight", "Requests in flight", "device",
                                 "/proc/diskstats", per_disk<disk_count<&HostDisk::in_flight>>));
}

template <uint64_t InterfaceTraffic::*Value>
void per_interface(const HostView& view, SampleSink& sink) {
  for (const InterfaceTraffic& it : view.snapshot.host.interfaces)
    sink.add(Number::count(it.*Value), {{"interface", it.name.data()}});
}

void append_interfaces(std::vector<Family>& families) {
  const auto counter = [&](const char* name, const char* help, HostSamples samples) {
    families.push_back(host_family(Type::Counter, std::string("benchd_host_network_") + name + "_total", help,
                                   "interface", "/proc/net/dev", samples));
  };
  counter("receive_bytes", "Bytes received", per_interface<&InterfaceTraffic::receive_bytes>);
  counter("receive_packets", "Packets received", per_interface<&InterfaceTraffic::receive_packets>);
  counter("receive_errors", "Errors while receiving", per_interface<&InterfaceTraffic::receive_errors>);
  counter("receive_packets_dropped", "Received packets dropped", per_interface<&InterfaceTraffic::receive_dropped>);
  counter("transmit_bytes", "Bytes sent", per_interface<&InterfaceTraffic::transmit_bytes>);
  counter("transmit_packets", "Packets sent", per_interface<&InterfaceTraffic::transmit_packets>);
  counter("transmit_errors", "Errors while sending", per_interface<&InterfaceTraffic::transmit_errors>);
  counter("transmit_packets_dropped", "Packets dropped before they were sent",
          per_interface<&InterfaceTraffic::transmit_dropped>);
}

/// One series per file system for which `value` gives one.
template <auto value>
void per_filesystem(const HostView& view, SampleSink& sink) {
  for (const HostFilesystem& it : view.snapshot.host.filesystems)
    if (const std::optional<Number> number = value(it))
      sink.add(*number, {{"device", it.source}, {"mountpoint", it.mountpoint}, {"fstype", it.type}});
}

template <uint64_t HostFilesystem::*Value>
std::optional<Number> filesystem_bytes(const HostFilesystem& it) {
  return Number::count(it.*Value);
}

template <std::optional<uint64_t> HostFilesystem::*Value>
std::optional<Number> filesystem_files(const HostFilesystem& it) {
  const auto& value = it.*Value;
  return value ? std::optional(Number::count(*value)) : std::nullopt;
}

std::optional<Number> filesystem_read_only(const HostFilesystem& it) {
  return Number::count(it.read_only ? 1 : 0);
}

void append_filesystems(std::vector<Family>& families) {
  const auto gauge = [&](const char* name, const char* help, const char* source, HostSamples samples) {
    families.push_back(host_family(Type::Gauge, std::string("benchd_host_filesystem_") + name, help,
                                   "device, mountpoint, fstype", source, samples));
  };
  gauge("size_bytes", "Size of the file system", "statvfs f_blocks",
        per_filesystem<filesystem_bytes<&HostFilesystem::size_bytes>>);
  gauge("free_bytes", "Space that nothing uses", "statvfs f_bfree",
        per_filesystem<filesystem_bytes<&HostFilesystem::free_bytes>>);
  gauge("available_bytes", "Space free to those without privilege", "statvfs f_bavail",
        per_filesystem<filesystem_bytes<&HostFilesystem::available_bytes>>);
  gauge("files", "Inodes", "statvfs f_files", per_filesystem<filesystem_files<&HostFilesystem::files>>);
  gauge("files_free", "Inodes that nothing uses", "statvfs f_ffree",
        per_filesystem<filesystem_files<&HostFilesystem::files_free>>);
  gauge("read_only", "1 if it is mounted read-only", "/proc/self/mountinfo", per_filesystem<filesystem_read_only>);
}

template <std::optional<uint64_t> HostNode::*Value>
void per_node(const HostView& view, SampleSink& sink) {
  for (const HostNode& node : view.snapshot.host.nodes)
    add(sink, node.*Value, {{"node", IntegerText(node.node).text()}});
}

void append_nodes(std::vector<Family>& families) {
  const auto family = [&](Type type, const char* name, const char* help, const char* source, HostSamples samples) {
    families.push_back(host_family(type, std::string("benchd_host_numa_") + name, help, "node", source, samples));
  };
  family(Type::Gauge, "memory_total_bytes", "Memory of the node", "node/nodeN/meminfo MemTotal",
         per_node<&HostNode::memory_total_bytes>);
  family(Type::Gauge, "memory_free_bytes", "Memory of the node that nothing uses", "node/nodeN/meminfo MemFree",
         per_node<&HostNode::memory_free_bytes>);
  family(Type::Counter, "hits_total", "Pages allocated on the node as intended", "node/nodeN/numastat numa_hit",
         per_node<&HostNode::hits>);
  family(Type::Counter, "misses_total", "Pages allocated on the node though another was preferred",
         "node/nodeN/numastat numa_miss", per_node<&HostNode::misses>);
  family(Type::Counter, "foreign_total", "Pages intended for the node but allocated on another",
         "node/nodeN/numastat numa_foreign", per_node<&HostNode::foreign>);
  family(Type::Counter, "interleave_hits_total", "Pages allocated on the node by an interleaving policy",
         "node/nodeN/numastat interleave_hit", per_node<&HostNode::interleave_hits>);
  family(Type::Counter, "local_total", "Pages allocated on the node by a process running on it",
         "node/nodeN/numastat local_node", per_node<&HostNode::local>);
  family(Type::Counter, "other_total", "Pages allocated on the node by a process running on another",
         "node/nodeN/numastat other_node", per_node<&HostNode::other>);
}

}  // namespace

void append_host_families(std::vector<Family>& families) {
  append_machine(families);
  for (const Row& row : kRows) families.push_back(host_field_family(row));
  append_load(families);
  append_cpus(families);
  append_disks(families);
  append_interfaces(families);
  append_filesystems(families);
  append_nodes(families);
}

}  // namespace benchd::exposition
