#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "model/field.h"
#include "model/values.h"

namespace benchd::model {

/// The scalar values of the whole host and where the kernel keeps them: the one table that drives the reader
/// (collectors/host), the metric catalogue (exporters/prometheus) and its documentation, as model/field.h does for a
/// container. Source: Documentation/filesystems/proc.rst and Documentation/accounting/psi.rst of Linux 6.18.

/// Files below the proc root.
enum class HostFile : uint8_t { Stat, Meminfo, Vmstat, CpuPressure, MemoryPressure, IoPressure, IrqPressure };

inline constexpr auto kHostFileNames = std::to_array<std::string_view>(
    {"stat", "meminfo", "vmstat", "pressure/cpu", "pressure/memory", "pressure/io", "pressure/irq"});
inline constexpr size_t kHostFileCount = kHostFileNames.size();

constexpr std::string_view name_of(HostFile file) {
  return kHostFileNames[static_cast<size_t>(file)];
}

/// One scalar of one file.
enum class HostField : uint8_t {
  ContextSwitches,
  Forks,
  Interrupts,
  SoftIrqs,
  ProcessesRunning,
  ProcessesBlocked,
  BootTime,
  MemoryTotal,
  MemoryFree,
  MemoryAvailable,
  MemoryBuffers,
  MemoryCached,
  MemoryActive,
  MemoryInactive,
  MemoryUnevictable,
  MemoryMlocked,
  MemoryDirty,
  MemoryWriteback,
  MemoryAnonPages,
  MemoryMapped,
  MemoryShmem,
  MemorySlab,
  MemorySlabReclaimable,
  MemorySlabUnreclaimable,
  MemoryKernelStack,
  MemoryPageTables,
  MemoryCommitLimit,
  MemoryCommitted,
  MemoryAnonHugePages,
  HugePagesTotal,
  HugePagesFree,
  HugePageSize,
  SwapTotal,
  SwapFree,
  SwapCached,
  PageFaults,
  MajorPageFaults,
  PagesSwappedIn,
  PagesSwappedOut,
  OomKills,
  PagesScannedKswapd,
  PagesScannedDirect,
  PagesReclaimedKswapd,
  PagesReclaimedDirect,
  CompactionStalls,
  ThpFaultAlloc,
  ThpFaultFallback,
  CpuPressureSome,
  CpuPressureFull,
  MemoryPressureSome,
  MemoryPressureFull,
  IoPressureSome,
  IoPressureFull,
  IrqPressureFull,
};

struct HostFieldSpec {
  HostField field;
  HostFile file;
  std::string_view key;  ///< the first word of the line, without ':'
  Kind kind;
  Unit unit;  ///< of the stored value: meminfo's "kB" are stored as bytes; BootTime counts Unix seconds
};

// clang-format off
inline constexpr auto kHostFields = std::to_array<HostFieldSpec>({
    {HostField::ContextSwitches,         HostFile::Stat,           "ctxt",            Kind::Counter, Unit::Count},
    {HostField::Forks,                   HostFile::Stat,           "processes",       Kind::Counter, Unit::Count},
    {HostField::Interrupts,              HostFile::Stat,           "intr",            Kind::Counter, Unit::Count},
    {HostField::SoftIrqs,                HostFile::Stat,           "softirq",         Kind::Counter, Unit::Count},
    {HostField::ProcessesRunning,        HostFile::Stat,           "procs_running",   Kind::Gauge,   Unit::Count},
    {HostField::ProcessesBlocked,        HostFile::Stat,           "procs_blocked",   Kind::Gauge,   Unit::Count},
    {HostField::BootTime,                HostFile::Stat,           "btime",           Kind::Gauge,   Unit::Count},
    {HostField::MemoryTotal,             HostFile::Meminfo,        "MemTotal",        Kind::Gauge,   Unit::Bytes},
    {HostField::MemoryFree,              HostFile::Meminfo,        "MemFree",         Kind::Gauge,   Unit::Bytes},
    {HostField::MemoryAvailable,         HostFile::Meminfo,        "MemAvailable",    Kind::Gauge,   Unit::Bytes},
    {HostField::MemoryBuffers,           HostFile::Meminfo,        "Buffers",         Kind::Gauge,   Unit::Bytes},
    {HostField::MemoryCached,            HostFile::Meminfo,        "Cached",          Kind::Gauge,   Unit::Bytes},
    {HostField::MemoryActive,            HostFile::Meminfo,        "Active",          Kind::Gauge,   Unit::Bytes},
    {HostField::MemoryInactive,          HostFile::Meminfo,        "Inactive",        Kind::Gauge,   Unit::Bytes},
    {HostField::MemoryUnevictable,       HostFile::Meminfo,        "Unevictable",     Kind::Gauge,   Unit::Bytes},
    {HostField::MemoryMlocked,           HostFile::Meminfo,        "Mlocked",         Kind::Gauge,   Unit::Bytes},
    {HostField::MemoryDirty,             HostFile::Meminfo,        "Dirty",           Kind::Gauge,   Unit::Bytes},
    {HostField::MemoryWriteback,         HostFile::Meminfo,        "Writeback",       Kind::Gauge,   Unit::Bytes},
    {HostField::MemoryAnonPages,         HostFile::Meminfo,        "AnonPages",       Kind::Gauge,   Unit::Bytes},
    {HostField::MemoryMapped,            HostFile::Meminfo,        "Mapped",          Kind::Gauge,   Unit::Bytes},
    {HostField::MemoryShmem,             HostFile::Meminfo,        "Shmem",           Kind::Gauge,   Unit::Bytes},
    {HostField::MemorySlab,              HostFile::Meminfo,        "Slab",            Kind::Gauge,   Unit::Bytes},
    {HostField::MemorySlabReclaimable,   HostFile::Meminfo,        "SReclaimable",    Kind::Gauge,   Unit::Bytes},
    {HostField::MemorySlabUnreclaimable, HostFile::Meminfo,        "SUnreclaim",      Kind::Gauge,   Unit::Bytes},
    {HostField::MemoryKernelStack,       HostFile::Meminfo,        "KernelStack",     Kind::Gauge,   Unit::Bytes},
    {HostField::MemoryPageTables,        HostFile::Meminfo,        "PageTables",      Kind::Gauge,   Unit::Bytes},
    {HostField::MemoryCommitLimit,       HostFile::Meminfo,        "CommitLimit",     Kind::Gauge,   Unit::Bytes},
    {HostField::MemoryCommitted,         HostFile::Meminfo,        "Committed_AS",    Kind::Gauge,   Unit::Bytes},
    {HostField::MemoryAnonHugePages,     HostFile::Meminfo,        "AnonHugePages",   Kind::Gauge,   Unit::Bytes},
    {HostField::HugePagesTotal,          HostFile::Meminfo,        "HugePages_Total", Kind::Gauge,   Unit::Count},
    {HostField::HugePagesFree,           HostFile::Meminfo,        "HugePages_Free",  Kind::Gauge,   Unit::Count},
    {HostField::HugePageSize,            HostFile::Meminfo,        "Hugepagesize",    Kind::Gauge,   Unit::Bytes},
    {HostField::SwapTotal,               HostFile::Meminfo,        "SwapTotal",       Kind::Gauge,   Unit::Bytes},
    {HostField::SwapFree,                HostFile::Meminfo,        "SwapFree",        Kind::Gauge,   Unit::Bytes},
    {HostField::SwapCached,              HostFile::Meminfo,        "SwapCached",      Kind::Gauge,   Unit::Bytes},
    {HostField::PageFaults,              HostFile::Vmstat,         "pgfault",         Kind::Counter, Unit::Count},
    {HostField::MajorPageFaults,         HostFile::Vmstat,         "pgmajfault",      Kind::Counter, Unit::Count},
    {HostField::PagesSwappedIn,          HostFile::Vmstat,         "pswpin",          Kind::Counter, Unit::Count},
    {HostField::PagesSwappedOut,         HostFile::Vmstat,         "pswpout",         Kind::Counter, Unit::Count},
    {HostField::OomKills,                HostFile::Vmstat,         "oom_kill",        Kind::Counter, Unit::Count},
    {HostField::PagesScannedKswapd,      HostFile::Vmstat,         "pgscan_kswapd",   Kind::Counter, Unit::Count},
    {HostField::PagesScannedDirect,      HostFile::Vmstat,         "pgscan_direct",   Kind::Counter, Unit::Count},
    {HostField::PagesReclaimedKswapd,    HostFile::Vmstat,         "pgsteal_kswapd",  Kind::Counter, Unit::Count},
    {HostField::PagesReclaimedDirect,    HostFile::Vmstat,         "pgsteal_direct",  Kind::Counter, Unit::Count},
    {HostField::CompactionStalls,        HostFile::Vmstat,         "compact_stall",   Kind::Counter, Unit::Count},
    {HostField::ThpFaultAlloc,           HostFile::Vmstat,         "thp_fault_alloc", Kind::Counter, Unit::Count},
    {HostField::ThpFaultFallback,        HostFile::Vmstat,         "thp_fault_fallback", Kind::Counter, Unit::Count},
    {HostField::CpuPressureSome,         HostFile::CpuPressure,    "some",            Kind::Counter, Unit::Microseconds},
    {HostField::CpuPressureFull,         HostFile::CpuPressure,    "full",            Kind::Counter, Unit::Microseconds},
    {HostField::MemoryPressureSome,      HostFile::MemoryPressure, "some",            Kind::Counter, Unit::Microseconds},
    {HostField::MemoryPressureFull,      HostFile::MemoryPressure, "full",            Kind::Counter, Unit::Microseconds},
    {HostField::IoPressureSome,          HostFile::IoPressure,     "some",            Kind::Counter, Unit::Microseconds},
    {HostField::IoPressureFull,          HostFile::IoPressure,     "full",            Kind::Counter, Unit::Microseconds},
    {HostField::IrqPressureFull,         HostFile::IrqPressure,    "full",            Kind::Counter, Unit::Microseconds},
});
// clang-format on

inline constexpr size_t kHostFieldCount = kHostFields.size();

constexpr const HostFieldSpec& spec(HostField field) {
  return kHostFields[static_cast<size_t>(field)];
}

static_assert(
    [] {
      for (size_t i = 0; i < kHostFieldCount; ++i)
        if (kHostFields[i].field != static_cast<HostField>(i)) return false;
      return true;
    }(),
    "a row stands where its enumerator counts");

/// The scalar values of the host.
using HostValues = Values<HostField, kHostFieldCount>;

}  // namespace benchd::model
