#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace benchd::base {

/// An instant on the one clock: nanoseconds of CLOCK_BOOTTIME. It counts through suspend, never steps, and is what the
/// kernel's own life-cycle stamps convert to; with the boot id it is unique for ever.
using Instant = int64_t;

inline constexpr int64_t kSecond = 1'000'000'000;
inline constexpr int64_t kMillisecond = 1'000'000;

/// CLOCK_BOOTTIME now.
Instant now();

/// Wall time minus boot time, nanoseconds: add to an Instant for a Unix time. Sampled each tick, because the wall clock
/// may be stepped; both clocks are read back to back, the error is under a microsecond.
int64_t wall_offset();

/// The kernel's random id of this boot, from `proc`/sys/kernel/random/boot_id.
Result<std::string> boot_id(const std::string& proc = "/proc");

}  // namespace benchd::base
