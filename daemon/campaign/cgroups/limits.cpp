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

/// That `wanted` is among the cpus or nodes that `file` lists, if that can be known.
Result<Done> check_there(const char* what, const std::string& wanted, const std::string& file) {
  const auto text = base::read_text(file);
  const auto there = text.ok() ? base::parse_cpu_list(base::trim(*text)) : std::nullopt;
  if (there && (base::parse_cpu_list(wanted).value_or(base::CpuSet()) & ~*there).any())
    return Error{.code = EINVAL,
                 .attempt = fmt::format("{} {}: here are {}", what, wanted, base::format_cpu_list(*there))};
  return Done{};
}

}  // namespace

bool pins_by_cpuset(const CgroupHome& home) {
  return has(home, "cpuset");
}

Result<Done> check_limits(const CgroupHome& home, const Variant& variant) {
  if (variant.memory_bytes && !has(home, "memory")) return without(home, "limit its memory", "memory");
  if (variant.cpu_limit && !has(home, "cpu")) return without(home, "limit its processor time", "cpu");
  const bool cpuset = pins_by_cpuset(home);
  if (!variant.mems.empty()) {
    if (!cpuset) return without(home, "pin its memory to nodes", "cpuset");
    const std::string file = home.path() + "/cpuset.mems.effective";
    if (auto done = check_there("pin its memory to nodes", variant.mems, file); !done.ok()) return done;
  }
  if (variant.cpus.empty()) return Done{};
  return check_there("pin it to cpus", variant.cpus,
                     cpuset ? home.path() + "/cpuset.cpus.effective" : "/sys/devices/system/cpu/online");
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
  if (!variant.mems.empty()) {
    if (auto done = write(cgroup, "cpuset.mems", variant.mems); !done.ok()) return done;
  }
  return variant.cpus.empty() || !pins_by_cpuset(home) ? Result<Done>(Done{})
                                                       : write(cgroup, "cpuset.cpus", variant.cpus);
}

}  // namespace benchd::campaign
