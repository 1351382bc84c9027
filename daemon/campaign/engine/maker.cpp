#include "daemon/campaign/engine/maker.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <filesystem>
#include <optional>
#include <system_error>

#include <fmt/format.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

namespace benchd::campaign {
namespace {

constexpr int kStartTime = 22;  ///< the field of /proc/PID/stat (proc(5))

std::optional<uint64_t> start_of(pid_t pid) {
  const auto text = base::read_text(fmt::format("/proc/{}/stat", pid));
  if (!text.ok()) return std::nullopt;
  std::string_view rest = *text;
  // The second field, the name, is in parentheses and may hold any of them.
  rest.remove_prefix(std::min(rest.size(), rest.rfind(')') + 2));
  for (int field = 3; field < kStartTime; ++field) base::cut(rest, ' ');
  return base::parse_integer(base::cut(rest, ' '));
}

struct Place {
  std::string host;
  std::string boot;
  std::string pid_namespace;
};

std::optional<Place> this_place() {
  std::array<char, HOST_NAME_MAX + 1> host{};
  std::error_code error;
  const std::string pid_namespace = std::filesystem::read_symlink("/proc/self/ns/pid", error);  // "pid:[4026531836]"
  const auto boot = base::boot_id();
  if (error || !boot.ok() || ::gethostname(host.data(), host.size() - 1) != 0) return std::nullopt;
  return Place{.host = host.data(), .boot = *boot, .pid_namespace = pid_namespace};
}

}  // namespace

std::string this_maker() {
  const auto place = this_place();
  const auto start = start_of(::getpid());
  if (!place || !start) return {};
  return fmt::format("{}/{}/{}/{}/{}", place->host, place->boot, place->pid_namespace, ::getpid(), *start);
}

bool is_gone(std::string_view maker) {
  const std::string_view host = base::cut(maker, '/');
  const std::string_view boot = base::cut(maker, '/');
  const std::string_view pid_namespace = base::cut(maker, '/');
  const auto pid = base::parse_integer<pid_t>(base::cut(maker, '/'));
  const auto start = base::parse_integer(maker);
  const auto place = this_place();
  if (!place || !pid || *pid <= 0 || !start || host != place->host) return false;
  if (boot != place->boot) return true;
  if (pid_namespace != place->pid_namespace) return false;
  // Not by /proc alone, where hidepid= hides those of other users.
  if (::kill(*pid, 0) != 0 && errno == ESRCH) return true;
  const auto now = start_of(*pid);
  return now && *now != *start;
}

}  // namespace benchd::campaign
