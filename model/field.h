#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace benchd::model {

/// The files of a cgroup v2 directory that benchd reads, and the scalar fields in them: the one table that drives the
/// readers (collectors/cgroup), the metric catalogue (exporters/prometheus) and its documentation.
/// Source: Documentation/admin-guide/cgroup-v2.rst and Documentation/accounting/psi.rst of Linux 6.18.

/// How a file's text is laid out.
enum class Shape : uint8_t {
  Keyed,    ///< "key value\n" per line; nested parts of a key after a dot
  Single,   ///< one number, or "max"
  CpuMax,   ///< "QUOTA PERIOD\n", QUOTA may be "max"; microseconds
  CpuList,  ///< "0-3,8\n"
  Pressure,  ///< "some avg10=… avg60=… avg300=… total=USEC\n", then the same for "full"; irq.pressure has only "full"
  IoStat,  ///< "MAJ:MIN rbytes=… wbytes=… rios=… wios=… dbytes=… dios=…\n" per device
  Pids,    ///< one process id per line
};

/// How often a file is read, and whether its fd is kept (as long as the fd budget lasts).
enum class Heat : uint8_t {
  Hot,   ///< every tick, unless something cheaper tells that it has not changed (cgroup::ContainerFiles); fd kept
  Warm,  ///< every tick but never more often than once a second, fd kept: expensive for the kernel to make
  Cold,  ///< at the start, when the kernel tells of a change, and every 10 s; opened for each read
};

enum class File : uint8_t {
  CgroupEvents,
  CgroupProcs,
  CgroupStat,
  CpuMax,
  CpuMaxBurst,
  CpuPressure,
  CpuStat,
  CpuStatLocal,
  CpuWeight,
  CpusetCpusEffective,
  IoPressure,
  IoStat,
  IrqPressure,
  MemoryCurrent,
  MemoryEvents,
  MemoryEventsLocal,
  MemoryHigh,
  MemoryLow,
  MemoryMax,
  MemoryMin,
  MemoryPeak,
  MemoryPressure,
  MemoryStat,
  MemorySwapCurrent,
  MemorySwapEvents,
  MemorySwapMax,
  MemorySwapPeak,
  MemoryZswapCurrent,
  PidsCurrent,
  PidsEvents,
  PidsMax,
  PidsPeak,
};

struct FileSpec {
  File file;
  std::string_view name;        ///< in the cgroup's directory
  std::string_view controller;  ///< that must be enabled for it to exist; empty = always there
  Shape shape;
  Heat heat;
};

// clang-format off
inline constexpr auto kFiles = std::to_array<FileSpec>({
    {File::CgroupEvents,        "cgroup.events",         "",       Shape::Keyed,    Heat::Hot},
    {File::CgroupProcs,         "cgroup.procs",          "",       Shape::Pids,     Heat::Cold},
    {File::CgroupStat,          "cgroup.stat",           "",       Shape::Keyed,    Heat::Cold},
    {File::CpuMax,              "cpu.max",               "cpu",    Shape::CpuMax,   Heat::Cold},
    {File::CpuMaxBurst,         "cpu.max.burst",         "cpu",    Shape::Single,   Heat::Cold},
    {File::CpuPressure,         "cpu.pressure",          "",       Shape::Pressure, Heat::Hot},
    {File::CpuStat,             "cpu.stat",              "",       Shape::Keyed,    Heat::Hot},
    {File::CpuStatLocal,        "cpu.stat.local",        "",       Shape::Keyed,    Heat::Cold},
    {File::CpuWeight,           "cpu.weight",            "cpu",    Shape::Single,   Heat::Cold},
    {File::CpusetCpusEffective, "cpuset.cpus.effective", "cpuset", Shape::CpuList,  Heat::Cold},
    {File::IoPressure,          "io.pressure",           "",       Shape::Pressure, Heat::Hot},
    {File::IoStat,              "io.stat",               "io",     Shape::IoStat,   Heat::Hot},
    {File::IrqPressure,         "irq.pressure",          "",       Shape::Pressure, Heat::Hot},
    {File::MemoryCurrent,       "memory.current",        "memory", Shape::Single,   Heat::Hot},
    {File::MemoryEvents,        "memory.events",         "memory", Shape::Keyed,    Heat::Cold},
    {File::MemoryEventsLocal,   "memory.events.local",   "memory", Shape::Keyed,    Heat::Cold},
    {File::MemoryHigh,          "memory.high",           "memory", Shape::Single,   Heat::Cold},
    {File::MemoryLow,           "memory.low",            "memory", Shape::Single,   Heat::Cold},
    {File::MemoryMax,           "memory.max",            "memory", Shape::Single,   Heat::Cold},
    {File::MemoryMin,           "memory.min",            "memory", Shape::Single,   Heat::Cold},
    {File::MemoryPeak,          "memory.peak",           "memory", Shape::Single,   Heat::Cold},
    {File::MemoryPressure,      "memory.pressure",       "",       Shape::Pressure, Heat::Hot},
    {File::MemoryStat,          "memory.stat",           "memory", Shape::Keyed,    Heat::Warm},
    {File::MemorySwapCurrent,   "memory.swap.current",   "memory", Shape::Single,   Heat::Cold},
    {File::MemorySwapEvents,    "memory.swap.events",    "memory", Shape::Keyed,    Heat::Cold},
    {File::MemorySwapMax,       "memory.swap.max",       "memory", Shape::Single,   Heat::Cold},
    {File::MemorySwapPeak,      "memory.swap.peak",      "memory", Shape::Single,   Heat::Cold},
    {File::MemoryZswapCurrent,  "memory.zswap.current",  "memory", Shape::Single,   Heat::Cold},
    {File::PidsCurrent,         "pids.current",          "pids",   Shape::Single,   Heat::Cold},
    {File::PidsEvents,          "pids.events",           "pids",   Shape::Keyed,    Heat::Cold},
    {File::PidsMax,             "pids.max",              "pids",   Shape::Single,   Heat::Cold},
    {File::PidsPeak,            "pids.peak",             "pids",   Shape::Single,   Heat::Cold},
});
// clang-format on

inline constexpr size_t kFileCount = kFiles.size();

enum class Unit : uint8_t { Bytes, Microseconds, Count };

/// Counters never fall within one container's life; gauges may; limits are gauges that may also be `kUnlimited`.
enum class Kind : uint8_t { Counter, Gauge, Limit };

/// One scalar of one file. Named FileKey.
enum class Field : uint8_t {
  CgroupPopulated,
  CgroupFrozen,
  Processes,
  Descendants,
  DyingDescendants,
  CpuQuota,
  CpuPeriod,
  CpuBurst,
  CpuPressureSome,
  CpuPressureFull,
  CpuUsage,
  CpuUser,
  CpuSystem,
  CpuNice,
  CpuForceIdle,
  CpuPeriods,
  CpuThrottledPeriods,
  CpuThrottled,
  CpuBursts,
  CpuBurstTime,
  CpuThrottledLocal,
  CpuWeight,
  CpusEffective,
  IoPressureSome,
  IoPressureFull,
  IrqPressureFull,
  MemoryCurrent,
  MemoryEventsLow,
  MemoryEventsHigh,
  MemoryEventsMax,
  MemoryEventsOom,
  MemoryEventsOomKill,
  MemoryEventsOomGroupKill,
  MemoryEventsLocalLow,
  MemoryEventsLocalHigh,
  MemoryEventsLocalMax,
  MemoryEventsLocalOom,
  MemoryEventsLocalOomKill,
  MemoryEventsLocalOomGroupKill,
  MemoryHigh,
  MemoryLow,
  MemoryMax,
  MemoryMin,
  MemoryPeak,
  MemoryPressureSome,
  MemoryPressureFull,
  MemoryAnon,
  MemoryFile,
  MemoryKernel,
  MemoryKernelStack,
  MemoryPagetables,
  MemorySecPagetables,
  MemoryPercpu,
  MemorySock,
  MemoryVmalloc,
  MemoryShmem,
  MemoryZswap,
  MemoryZswapped,
  MemoryFileMapped,
  MemoryFileDirty,
  MemoryFileWriteback,
  MemorySwapcached,
  MemoryAnonThp,
  MemoryFileThp,
  MemoryShmemThp,
  MemoryInactiveAnon,
  MemoryActiveAnon,
  MemoryInactiveFile,
  MemoryActiveFile,
  MemoryUnevictable,
  MemorySlabReclaimable,
  MemorySlabUnreclaimable,
  MemoryRefaultAnon,
  MemoryRefaultFile,
  MemoryActivateAnon,
  MemoryActivateFile,
  MemoryRestoreAnon,
  MemoryRestoreFile,
  MemoryNodereclaim,
  MemoryPgscan,
  MemoryPgsteal,
  MemoryPgfault,
  MemoryPgmajfault,
  MemoryPgrefill,
  MemoryPgactivate,
  MemoryPgdeactivate,
  MemoryPglazyfree,
  MemoryPglazyfreed,
  MemoryThpFaultAlloc,
  MemoryThpCollapseAlloc,
  SwapCurrent,
  SwapEventsHigh,
  SwapEventsMax,
  SwapEventsFail,
  SwapMax,
  SwapPeak,
  ZswapCurrent,
  PidsCurrent,
  PidsEventsMax,
  PidsMax,
  PidsPeak,
};

struct FieldSpec {
  Field field;
  File file;
  std::string_view key;  ///< in a Keyed file; "some" or "full" of a Pressure file (its total); else empty
  Kind kind;
  Unit unit;
};

// clang-format off
inline constexpr auto kFields = std::to_array<FieldSpec>({
    {Field::CgroupPopulated,        File::CgroupEvents,        "populated",                Kind::Gauge,   Unit::Count},
    {Field::CgroupFrozen,           File::CgroupEvents,        "frozen",                   Kind::Gauge,   Unit::Count},
    {Field::Processes,              File::CgroupProcs,         "",                         Kind::Gauge,   Unit::Count},
    {Field::Descendants,            File::CgroupStat,          "nr_descendants",           Kind::Gauge,   Unit::Count},
    {Field::DyingDescendants,       File::CgroupStat,          "nr_dying_descendants",     Kind::Gauge,   Unit::Count},
    {Field::CpuQuota,               File::CpuMax,              "quota",                    Kind::Limit,   Unit::Microseconds},
    {Field::CpuPeriod,              File::CpuMax,              "period",                   Kind::Gauge,   Unit::Microseconds},
    {Field::CpuBurst,               File::CpuMaxBurst,         "",                         Kind::Gauge,   Unit::Microseconds},
    {Field::CpuPressureSome,        File::CpuPressure,         "some",                     Kind::Counter, Unit::Microseconds},
    {Field::CpuPressureFull,        File::CpuPressure,         "full",                     Kind::Counter, Unit::Microseconds},
    {Field::CpuUsage,               File::CpuStat,             "usage_usec",               Kind::Counter, Unit::Microseconds},
    {Field::CpuUser,                File::CpuStat,             "user_usec",                Kind::Counter, Unit::Microseconds},
    {Field::CpuSystem,              File::CpuStat,             "system_usec",              Kind::Counter, Unit::Microseconds},
    {Field::CpuNice,                File::CpuStat,             "nice_usec",                Kind::Counter, Unit::Microseconds},
    {Field::CpuForceIdle,           File::CpuStat,             "core_sched.force_idle_usec", Kind::Counter, Unit::Microseconds},
    {Field::CpuPeriods,             File::CpuStat,             "nr_periods",               Kind::Counter, Unit::Count},
    {Field::CpuThrottledPeriods,    File::CpuStat,             "nr_throttled",             Kind::Counter, Unit::Count},
    {Field::CpuThrottled,           File::CpuStat,             "throttled_usec",           Kind::Counter, Unit::Microseconds},
    {Field::CpuBursts,              File::CpuStat,             "nr_bursts",                Kind::Counter, Unit::Count},
    {Field::CpuBurstTime,           File::CpuStat,             "burst_usec",               Kind::Counter, Unit::Microseconds},
    {Field::CpuThrottledLocal,      File::CpuStatLocal,        "throttled_usec",           Kind::Counter, Unit::Microseconds},
    {Field::CpuWeight,              File::CpuWeight,           "",                         Kind::Gauge,   Unit::Count},
    {Field::CpusEffective,          File::CpusetCpusEffective, "",                         Kind::Gauge,   Unit::Count},
    {Field::IoPressureSome,         File::IoPressure,          "some",                     Kind::Counter, Unit::Microseconds},
    {Field::IoPressureFull,         File::IoPressure,          "full",                     Kind::Counter, Unit::Microseconds},
    {Field::IrqPressureFull,        File::IrqPressure,         "full",                     Kind::Counter, Unit::Microseconds},
    {Field::MemoryCurrent,          File::MemoryCurrent,       "",                         Kind::Gauge,   Unit::Bytes},
    {Field::MemoryEventsLow,        File::MemoryEvents,        "low",                      Kind::Counter, Unit::Count},
    {Field::MemoryEventsHigh,       File::MemoryEvents,        "high",                     Kind::Counter, Unit::Count},
    {Field::MemoryEventsMax,        File::MemoryEvents,        "max",                      Kind::Counter, Unit::Count},
    {Field::MemoryEventsOom,        File::MemoryEvents,        "oom",                      Kind::Counter, Unit::Count},
    {Field::MemoryEventsOomKill,    File::MemoryEvents,        "oom_kill",                 Kind::Counter, Unit::Count},
    {Field::MemoryEventsOomGroupKill, File::MemoryEvents,      "oom_group_kill",           Kind::Counter, Unit::Count},
    {Field::MemoryEventsLocalLow,   File::MemoryEventsLocal,   "low",                      Kind::Counter, Unit::Count},
    {Field::MemoryEventsLocalHigh,  File::MemoryEventsLocal,   "high",                     Kind::Counter, Unit::Count},
    {Field::MemoryEventsLocalMax,   File::MemoryEventsLocal,   "max",                      Kind::Counter, Unit::Count},
    {Field::MemoryEventsLocalOom,   File::MemoryEventsLocal,   "oom",                      Kind::Counter, Unit::Count},
    {Field::MemoryEventsLocalOomKill, File::MemoryEventsLocal, "oom_kill",                 Kind::Counter, Unit::Count},
    {Field::MemoryEventsLocalOomGroupKill, File::MemoryEventsLocal, "oom_group_kill",      Kind::Counter, Unit::Count},
    {Field::MemoryHigh,             File::MemoryHigh,          "",                         Kind::Limit,   Unit::Bytes},
    {Field::MemoryLow,              File::MemoryLow,           "",                         Kind::Limit,   Unit::Bytes},
    {Field::MemoryMax,              File::MemoryMax,           "",                         Kind::Limit,   Unit::Bytes},
    {Field::MemoryMin,              File::MemoryMin,           "",                         Kind::Limit,   Unit::Bytes},
    {Field::MemoryPeak,             File::MemoryPeak,          "",                         Kind::Gauge,   Unit::Bytes},
    {Field::MemoryPressureSome,     File::MemoryPressure,      "some",                     Kind::Counter, Unit::Microseconds},
    {Field::MemoryPressureFull,     File::MemoryPressure,      "full",                     Kind::Counter, Unit::Microseconds},
    {Field::MemoryAnon,             File::MemoryStat,          "anon",                     Kind::Gauge,   Unit::Bytes},
    {Field::MemoryFile,             File::MemoryStat,          "file",                     Kind::Gauge,   Unit::Bytes},
    {Field::MemoryKernel,           File::MemoryStat,          "kernel",                   Kind::Gauge,   Unit::Bytes},
    {Field::MemoryKernelStack,      File::MemoryStat,          "kernel_stack",             Kind::Gauge,   Unit::Bytes},
    {Field::MemoryPagetables,       File::MemoryStat,          "pagetables",               Kind::Gauge,   Unit::Bytes},
    {Field::MemorySecPagetables,    File::MemoryStat,          "sec_pagetables",           Kind::Gauge,   Unit::Bytes},
    {Field::MemoryPercpu,           File::MemoryStat,          "percpu",                   Kind::Gauge,   Unit::Bytes},
    {Field::MemorySock,             File::MemoryStat,          "sock",                     Kind::Gauge,   Unit::Bytes},
    {Field::MemoryVmalloc,          File::MemoryStat,          "vmalloc",                  Kind::Gauge,   Unit::Bytes},
    {Field::MemoryShmem,            File::MemoryStat,          "shmem",                    Kind::Gauge,   Unit::Bytes},
    {Field::MemoryZswap,            File::MemoryStat,          "zswap",                    Kind::Gauge,   Unit::Bytes},
    {Field::MemoryZswapped,         File::MemoryStat,          "zswapped",                 Kind::Gauge,   Unit::Bytes},
    {Field::MemoryFileMapped,       File::MemoryStat,          "file_mapped",              Kind::Gauge,   Unit::Bytes},
    {Field::MemoryFileDirty,        File::MemoryStat,          "file_dirty",               Kind::Gauge,   Unit::Bytes},
    {Field::MemoryFileWriteback,    File::MemoryStat,          "file_writeback",           Kind::Gauge,   Unit::Bytes},
    {Field::MemorySwapcached,       File::MemoryStat,          "swapcached",               Kind::Gauge,   Unit::Bytes},
    {Field::MemoryAnonThp,          File::MemoryStat,          "anon_thp",                 Kind::Gauge,   Unit::Bytes},
    {Field::MemoryFileThp,          File::MemoryStat,          "file_thp",                 Kind::Gauge,   Unit::Bytes},
    {Field::MemoryShmemThp,         File::MemoryStat,          "shmem_thp",                Kind::Gauge,   Unit::Bytes},
    {Field::MemoryInactiveAnon,     File::MemoryStat,          "inactive_anon",            Kind::Gauge,   Unit::Bytes},
    {Field::MemoryActiveAnon,       File::MemoryStat,          "active_anon",              Kind::Gauge,   Unit::Bytes},
    {Field::MemoryInactiveFile,     File::MemoryStat,          "inactive_file",            Kind::Gauge,   Unit::Bytes},
    {Field::MemoryActiveFile,       File::MemoryStat,          "active_file",              Kind::Gauge,   Unit::Bytes},
    {Field::MemoryUnevictable,      File::MemoryStat,          "unevictable",              Kind::Gauge,   Unit::Bytes},
    {Field::MemorySlabReclaimable,  File::MemoryStat,          "slab_reclaimable",         Kind::Gauge,   Unit::Bytes},
    {Field::MemorySlabUnreclaimable, File::MemoryStat,         "slab_unreclaimable",       Kind::Gauge,   Unit::Bytes},
    {Field::MemoryRefaultAnon,      File::MemoryStat,          "workingset_refault_anon",  Kind::Counter, Unit::Count},
    {Field::MemoryRefaultFile,      File::MemoryStat,          "workingset_refault_file",  Kind::Counter, Unit::Count},
    {Field::MemoryActivateAnon,     File::MemoryStat,          "workingset_activate_anon", Kind::Counter, Unit::Count},
    {Field::MemoryActivateFile,     File::MemoryStat,          "workingset_activate_file", Kind::Counter, Unit::Count},
    {Field::MemoryRestoreAnon,      File::MemoryStat,          "workingset_restore_anon",  Kind::Counter, Unit::Count},
    {Field::MemoryRestoreFile,      File::MemoryStat,          "workingset_restore_file",  Kind::Counter, Unit::Count},
    {Field::MemoryNodereclaim,      File::MemoryStat,          "workingset_nodereclaim",   Kind::Counter, Unit::Count},
    {Field::MemoryPgscan,           File::MemoryStat,          "pgscan",                   Kind::Counter, Unit::Count},
    {Field::MemoryPgsteal,          File::MemoryStat,          "pgsteal",                  Kind::Counter, Unit::Count},
    {Field::MemoryPgfault,          File::MemoryStat,          "pgfault",                  Kind::Counter, Unit::Count},
    {Field::MemoryPgmajfault,       File::MemoryStat,          "pgmajfault",               Kind::Counter, Unit::Count},
    {Field::MemoryPgrefill,         File::MemoryStat,          "pgrefill",                 Kind::Counter, Unit::Count},
    {Field::MemoryPgactivate,       File::MemoryStat,          "pgactivate",               Kind::Counter, Unit::Count},
    {Field::MemoryPgdeactivate,     File::MemoryStat,          "pgdeactivate",             Kind::Counter, Unit::Count},
    {Field::MemoryPglazyfree,       File::MemoryStat,          "pglazyfree",               Kind::Counter, Unit::Count},
    {Field::MemoryPglazyfreed,      File::MemoryStat,          "pglazyfreed",              Kind::Counter, Unit::Count},
    {Field::MemoryThpFaultAlloc,    File::MemoryStat,          "thp_fault_alloc",          Kind::Counter, Unit::Count},
    {Field::MemoryThpCollapseAlloc, File::MemoryStat,          "thp_collapse_alloc",       Kind::Counter, Unit::Count},
    {Field::SwapCurrent,            File::MemorySwapCurrent,   "",                         Kind::Gauge,   Unit::Bytes},
    {Field::SwapEventsHigh,         File::MemorySwapEvents,    "high",                     Kind::Counter, Unit::Count},
    {Field::SwapEventsMax,          File::MemorySwapEvents,    "max",                      Kind::Counter, Unit::Count},
    {Field::SwapEventsFail,         File::MemorySwapEvents,    "fail",                     Kind::Counter, Unit::Count},
    {Field::SwapMax,                File::MemorySwapMax,       "",                         Kind::Limit,   Unit::Bytes},
    {Field::SwapPeak,               File::MemorySwapPeak,      "",                         Kind::Gauge,   Unit::Bytes},
    {Field::ZswapCurrent,           File::MemoryZswapCurrent,  "",                         Kind::Gauge,   Unit::Bytes},
    {Field::PidsCurrent,            File::PidsCurrent,         "",                         Kind::Gauge,   Unit::Count},
    {Field::PidsEventsMax,          File::PidsEvents,          "max",                      Kind::Counter, Unit::Count},
    {Field::PidsMax,                File::PidsMax,             "",                         Kind::Limit,   Unit::Count},
    {Field::PidsPeak,               File::PidsPeak,            "",                         Kind::Gauge,   Unit::Count},
});
// clang-format on

inline constexpr size_t kFieldCount = kFields.size();

constexpr const FileSpec& spec(File file) {
  return kFiles[static_cast<size_t>(file)];
}
constexpr const FieldSpec& spec(Field field) {
  return kFields[static_cast<size_t>(field)];
}

static_assert(
    [] {
      for (size_t i = 0; i < kFileCount; ++i)
        if (kFiles[i].file != static_cast<File>(i)) return false;
      for (size_t i = 0; i < kFieldCount; ++i)
        if (kFields[i].field != static_cast<Field>(i)) return false;
      return true;
    }(),
    "a row stands where its enumerator counts");

}  // namespace benchd::model
