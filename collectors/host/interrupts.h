#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "model/host.h"

namespace benchd::host {

/// Numbers per cpu and type, summed from a table of the kernel's with a column for each cpu. Reused, for its memory.
template <size_t kTypes>
struct CpuTable {
  std::vector<uint32_t> cpus;                        ///< of the columns; any that is online, and others
  std::vector<std::array<uint64_t, kTypes>> counts;  ///< by column
  std::vector<uint64_t> row;
};

/// /proc/interrupts (proc.rst 1.2): a first line of "CPUn" for each online cpu, then "LABEL: n n … description". Lines
/// with one number for all cpus (ERR, MIS) belong to none and are passed over. The labels are x86's; the named lines of
/// other architectures are Other.
void parse_interrupts(std::string_view text, CpuTable<model::kInterruptCount>& table);

/// /proc/softirqs: the same for each possible cpu, the labels are the kernel's types.
void parse_softirqs(std::string_view text, CpuTable<model::kSoftIrqCount>& table);

}  // namespace benchd::host
