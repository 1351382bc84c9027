#include "daemon/campaign/cgroups/limits.h"

#include <algorithm>
#include <cerrno>
#include <cmath>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/cpu_set.h"
#include "base/file.h"
#include "base/text.h"

namespace benchd::campaign {
namespace {

using base::Done;
using base::Error;
using base::Result;

constexpr int64_t kPeriodUsec = 100'000;

bool has(const CgroupHome& home, const char* controller) {
  const auto& there = home.controllers();
  return std::find(there.begin(), there.end(), controller) != there.end();
}

Error without(const CgroupHome& home, const char* what, const char* controller) {
  return {.code = ENOTSUP,
          .attempt = fmt::format("{}: there is no {} controller in {} (`benchd doctor` says why)", what, controller,
                                 home.path())};
}

Result<Done> write(const RunCgroup& cgroup, const char* file, const std::string& text) {
  const base::Fd fd(::openat(cgroup.directory(), file, O_WRONLY | O_CLOEXEC));
  if (!fd || ::write(fd.get(), text.data(), text.size()) < 0)
    return base::errno_error(fmt::format("write {} to {} of {}", text, file, cgroup.path()));
  return Done{};
}

/// Nothing where it cannot be known.
std::optional<base::CpuSet> cpus_there(const CgroupHome& home) {
  const auto text = base::read_text(pins_by_cpuset(home) ? home.path() + "/cpuset.cpus.effective"
                                                         : std::string("/sys/devices/system/cpu/online"));
  return text.ok() ? base::parse_cpu_list(base::trim(*text)) : std::nullopt;
}

}  // namespace

bool pins_by_cpuset(const CgroupHome& home) {
  return has(home, "cpuset");
}

Result<Done> check_limits(const CgroupHome& home, const Variant& variant) {
  if (variant.memory_bytes && !has(home, "memory")) return without(home, "limit its memory", "memory");
  if (variant.cpu_limit && !has(home, "cpu")) return without(home, "limit its processor time", "cpu");
  if (variant.cpus.empty()) return Done{};
  const base::CpuSet wanted = base::parse_cpu_list(variant.cpus).value_or(base::CpuSet());
  const auto there = cpus_there(home);
  if (there && (wanted & ~*there).any())
    return Error{.code = EINVAL,
                 .attempt = fmt::format("pin it to cpus {}: here are {}", variant.cpus, base::format_cpu_list(*there))};
  return Done{};
}

Result<Done> limit(const RunCgroup& cgroup, const CgroupHome& home, const Variant& variant) {
  if (variant.memory_bytes) {
    if (auto done = write(cgroup, "memory.max", std::to_string(*variant.memory_bytes)); !done.ok()) return done;
    // Not there on a kernel that cannot swap.
    if (auto done = write(cgroup, "memory.swap.max", "0"); !done.ok() && done.error().code != ENOENT) return done;
  }
  if (variant.cpu_limit) {
    const auto quota = std::llround(*variant.cpu_limit * static_cast<double>(kPeriodUsec));
    if (auto done = write(cgroup, "cpu.max", fmt::format("{} {}", quota, kPeriodUsec)); !done.ok()) return done;
  }
  return variant.cpus.empty() || !pins_by_cpuset(home) ? Result<Done>(Done{})
                                                       : write(cgroup, "cpuset.cpus", variant.cpus);
}

}  // namespace benchd::campaign
