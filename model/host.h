#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/host_field.h"
#include "model/reading.h"

namespace benchd::model {

/// Where a cpu's time went. These eight add up to all of it; guest time is inside User and Nice.
enum class CpuMode : uint8_t { User, Nice, System, Idle, IoWait, Irq, SoftIrq, Steal };
inline constexpr size_t kCpuModeCount = 8;

/// Label value.
constexpr const char* name_of(CpuMode mode) {
  constexpr const char* kNames[] = {"user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"};
  return kNames[static_cast<size_t>(mode)];
}

/// The kernel's kinds of deferred interrupt work (include/linux/interrupt.h), in its order.
enum class SoftIrq : uint8_t { Hi, Timer, NetTx, NetRx, Block, IrqPoll, Tasklet, Sched, Hrtimer, Rcu };
inline constexpr size_t kSoftIrqCount = 10;

/// Label value; the kernel's name in lower case.
constexpr const char* name_of(SoftIrq type) {
  constexpr const char* kNames[] = {"hi",       "timer",   "net_tx", "net_rx",  "block",
                                    "irq_poll", "tasklet", "sched",  "hrtimer", "rcu"};
  return kNames[static_cast<size_t>(type)];
}

/// What interrupted a cpu. Device sums the numbered lines (where the architecture's timer has a number it is in here);
/// Other sums the named ones that have no kind of their own.
enum class Interrupt : uint8_t { Device, LocalTimer, Reschedule, FunctionCall, TlbShootdown, Nmi, Thermal, Other };
inline constexpr size_t kInterruptCount = 8;

/// Label value.
constexpr const char* name_of(Interrupt type) {
  constexpr const char* kNames[] = {"device",        "local_timer", "reschedule", "function_call",
                                    "tlb_shootdown", "nmi",         "thermal",    "other"};
  return kNames[static_cast<size_t>(type)];
}

/// Clock cuts by heat, since boot (x86: /sys/devices/system/cpu/cpuN/thermal_throttle). The package's counts are seen
/// by each of its cpus.
struct ThermalThrottle {
  std::optional<uint64_t> core_events;
  std::optional<uint64_t> core_ns;
  std::optional<uint64_t> package_events;
  std::optional<uint64_t> package_ns;
};

/// One online cpu.
struct HostCpu {
  uint32_t cpu = 0;
  std::array<uint64_t, kCpuModeCount> time_ns{};  ///< by CpuMode, in steps of a tick (USER_HZ, 10 ms); never falls
  uint64_t guest_ns = 0;                          ///< the part of User that ran virtual machines
  uint64_t guest_nice_ns = 0;                     ///< the part of Nice that did
  std::optional<uint64_t> frequency_hz;           ///< scaling_cur_freq
  std::optional<uint32_t> core;                   ///< core id, unique within its package
  std::optional<uint32_t> package;                ///< socket
  ThermalThrottle throttle;
  std::optional<std::array<uint64_t, kInterruptCount>> interrupts;  ///< by Interrupt; they add up to all
  std::optional<std::array<uint64_t, kSoftIrqCount>> softirqs;      ///< by SoftIrq

  uint64_t time(CpuMode mode) const { return time_ns[static_cast<size_t>(mode)]; }
};

/// One block device or partition, as in /proc/diskstats: counters since it appeared.
struct HostDisk {
  Device device;
  std::array<char, 32> name{};  ///< DISK_NAME_LEN, ends with NUL: the name for this device in a container's io.stat
  uint64_t reads = 0;
  uint64_t reads_merged = 0;
  uint64_t read_bytes = 0;
  uint64_t read_ns = 0;  ///< summed over requests
  uint64_t writes = 0;
  uint64_t writes_merged = 0;
  uint64_t written_bytes = 0;
  uint64_t write_ns = 0;
  uint64_t in_flight = 0;    ///< gauge
  uint64_t busy_ns = 0;      ///< time with at least one request in flight
  uint64_t weighted_ns = 0;  ///< that, times the requests in flight
  struct Discards {
    uint64_t count = 0;
    uint64_t merged = 0;
    uint64_t bytes = 0;
    uint64_t ns = 0;
  };
  std::optional<Discards> discards;  ///< from kernel 4.18
  struct Flushes {
    uint64_t count = 0;
    uint64_t ns = 0;
  };
  std::optional<Flushes> flushes;  ///< from kernel 5.5; a partition has none of its own: 0
};

/// One local file system with a real device, once, however often it is mounted.
struct HostFilesystem {
  Device device;
  std::string mountpoint;  ///< the shortest at which it is seen
  std::string source;      ///< "/dev/vda1"
  std::string type;        ///< "ext4"
  bool read_only = false;
  uint64_t size_bytes = 0;
  uint64_t free_bytes = 0;
  uint64_t available_bytes = 0;        ///< free to those without privilege
  std::optional<uint64_t> files;       ///< inodes; absent where the type has no fixed number
  std::optional<uint64_t> files_free;  ///< absent with `files`
};

/// One NUMA node (/sys/devices/system/node/nodeN); the counts are pages.
struct HostNode {
  uint32_t node = 0;
  std::optional<uint64_t> memory_total_bytes;
  std::optional<uint64_t> memory_free_bytes;
  std::optional<uint64_t> hits;
  std::optional<uint64_t> misses;
  std::optional<uint64_t> foreign;
  std::optional<uint64_t> interleave_hits;
  std::optional<uint64_t> local;
  std::optional<uint64_t> other;
};

/// What the host is made of.
struct HostTopology {
  std::optional<uint32_t> cpus;  ///< online, logical
  std::optional<uint32_t> physical_cores;
  std::optional<uint32_t> sockets;
  std::optional<bool> smt;  ///< some core has more than one online cpu
};

/// Load averages over 1, 5 and 15 minutes.
struct LoadAverages {
  double one = 0;
  double five = 0;
  double fifteen = 0;
};

/// The whole host at one instant. What this host does not have is absent (an empty vector or optional), never 0.
/// The hot part is read at each turn; interrupts, softirqs, throttling, file systems, NUMA and topology every 10 s.
struct HostReading {
  base::Instant at = 0;
  HostValues values;
  std::optional<LoadAverages> load;
  HostTopology topology;
  std::vector<HostCpu> cpus;    ///< online ones, ascending; a cpu taken offline vanishes
  std::vector<HostDisk> disks;  ///< ascending by device
  /// Of the host's network namespace, `lo` included, without veth*: those are the outer ends of containers' interfaces,
  /// come and go with them and are charged to them. As the kernel counts: an interface made again starts at 0.
  std::vector<InterfaceTraffic> interfaces;
  std::vector<HostFilesystem> filesystems;  ///< ascending by device
  std::vector<HostNode> nodes;              ///< ascending
};

/// The host's disk with this number, or null: what io.stat calls "254:0" is "vda" here.
inline const HostDisk* find_disk(const HostReading& host, Device device) {
  for (const HostDisk& disk : host.disks)
    if (disk.device == device) return &disk;
  return nullptr;
}

}  // namespace benchd::model
