#pragma once

#include <bitset>
#include <optional>
#include <string>
#include <string_view>

namespace benchd::base {

/// As many logical CPUs as benchd knows; the largest machines Linux distributions build for today have 8192, the
/// largest sold fewer than this.
inline constexpr size_t kMaxCpus = 2048;

using CpuSet = std::bitset<kMaxCpus>;

/// The kernel's list format, "0-3,8,10-11\n" (cpuset.cpus.effective, /sys/devices/system/cpu/online; empty = no cpu).
/// Nothing for a text that is none or names a CPU above kMaxCpus.
std::optional<CpuSet> parse_cpu_list(std::string_view text);

/// The same format back, without a newline.
std::string format_cpu_list(const CpuSet& cpus);

}  // namespace benchd::base
