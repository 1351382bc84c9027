#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/cpu_set.h"
#include "model/field.h"
#include "model/values.h"

namespace benchd::model {

/// The value of a limit that the kernel shows as "max". Unlimited, absent and 0 are three different things.
inline constexpr uint64_t kUnlimited = std::numeric_limits<uint64_t>::max();

/// The scalar fields of one container.
using FieldValues = Values<Field, kFieldCount>;

/// A block device by number; its name is the host's business (HostReading::disks).
struct Device {
  uint32_t major = 0;
  uint32_t minor = 0;
  friend auto operator<=>(const Device&, const Device&) = default;  // NOLINT(modernize-use-nullptr): false alarm
};

/// One device's row of io.stat: what this container read, wrote and discarded.
struct DeviceIo {
  Device device;
  uint64_t read_bytes = 0;
  uint64_t written_bytes = 0;
  uint64_t discarded_bytes = 0;
  uint64_t reads = 0;
  uint64_t writes = 0;
  uint64_t discards = 0;
};

/// One interface's row of /proc/net/dev.
struct InterfaceTraffic {
  std::array<char, 16> name{};  ///< IFNAMSIZ, ends with NUL
  uint64_t receive_bytes = 0;
  uint64_t receive_packets = 0;
  uint64_t receive_errors = 0;
  uint64_t receive_dropped = 0;
  uint64_t transmit_bytes = 0;
  uint64_t transmit_packets = 0;
  uint64_t transmit_errors = 0;
  uint64_t transmit_dropped = 0;
};

/// CPU time that a container used on one logical CPU since it was made.
struct CpuTime {
  uint32_t cpu = 0;
  uint64_t nanoseconds = 0;

  friend bool operator==(const CpuTime&, const CpuTime&) = default;
};

/// What a container's threads did with their time, in thread-nanoseconds since benchd first saw them: at each instant a
/// thread is in exactly one state, so the three add up to the time that threads were alive. A thread that moves is
/// charged to the container where it was. Time throttled by a quota is spent runnable.
struct ThreadTimes {
  uint64_t on_cpu = 0;
  uint64_t runnable = 0;                    ///< ready, waiting for a cpu
  uint64_t blocked = 0;                     ///< the rest: asleep, waiting for a lock, a disk, the network
  std::optional<uint64_t> blocked_on_disk;  ///< part of blocked; absent where the kernel's delay accounting is off
  uint64_t voluntary_switches = 0;
  uint64_t involuntary_switches = 0;
  uint64_t migrations = 0;  ///< to another cpu
  uint64_t alive = 0;       ///< threads at this instant

  friend bool operator==(const ThreadTimes&, const ThreadTimes&) = default;
};

/// How evenly a container used its cpus over a while.
struct CpuSpread {
  double effective_cpus = 0;  ///< (Σx)² / Σx² of the cpus' times: 1 = all on one, n = n alike
  double imbalance = 0;       ///< max / mean over the cpus that it may use or has used: 1 = even
};

/// Whose traffic the interfaces of a container's network namespace are.
enum class NetworkScope : uint8_t {
  Unknown,  ///< no process seen yet, or none that may be asked
  Own,      ///< this container is charged for the namespace
  Shared,   ///< another container is charged for it (pods, `--network container:X`)
  Host,     ///< the host's namespace: the host's traffic is nobody's
};

/// All counters of one container, read at one instant. What only its threads move, and needed no reading because they
/// slept, is as of some milliseconds before.
struct Reading {
  base::Instant at = 0;  ///< just before its first file was read
  FieldValues values;
  base::CpuSet cpus_effective;  ///< valid where Field::CpusEffective is present
  std::vector<DeviceIo> io;     ///< sorted by device, each device once
  /// Ascending by cpu: the effective cpus from birth on, others from their first use on, and then for good. Empty where
  /// time per cpu is not collected.
  std::vector<CpuTime> cpus;
  uint64_t cpu_unattributed = 0;        ///< nanoseconds of the usage that are in no `cpus`; valid unless that is empty
  std::optional<CpuSpread> cpu_spread;  ///< absent while idle
  std::optional<ThreadTimes> threads;
  bool threads_estimated = false;  ///< `cpus` and `threads` are no kernel sums but guesses from samples
  NetworkScope network_scope = NetworkScope::Unknown;
  std::vector<InterfaceTraffic> network;  ///< empty unless network_scope is Own
};

}  // namespace benchd::model
