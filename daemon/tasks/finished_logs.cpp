#include "daemon/tasks/finished_logs.h"

#include <cerrno>

#include "collectors/tasks/logs/sources.h"

namespace benchd::daemon {

std::optional<base::LogFolder> FinishedLogs::lifetime_of(const logs::LogSpec& spec) const {
  using base::LogHome;
  if (spec.folder.home != LogHome::Host && spec.folder.home != LogHome::Container) return spec.folder;
  auto folder = logs::folder_of_container(spec.log);
  if (folder && !door_.open_log_folder(*folder).ok()) folder.reset();
  return folder;
}

bool FinishedLogs::is_gone(const std::optional<base::LogFolder>& lifetime) const {
  if (!lifetime) return false;
  const auto still_there = door_.open_log_folder(*lifetime);
  return !still_there.ok() && still_there.error().code == ENOENT;
}

void FinishedLogs::add(const std::string& log, std::optional<base::LogFolder> lifetime, uint64_t cgroup_id) {
  if (lifetime) logs_[log] = {.lifetime = std::move(lifetime), .cgroup_id = cgroup_id};
}

std::optional<uint64_t> FinishedLogs::take_gone(const std::string& log) {
  const auto found = logs_.find(log);
  if (found == logs_.end() || !is_gone(found->second.lifetime)) return std::nullopt;
  const uint64_t cgroup_id = found->second.cgroup_id;
  logs_.erase(found);
  return cgroup_id;
}

std::vector<std::pair<std::string, uint64_t>> FinishedLogs::take_gone() {
  std::vector<std::pair<std::string, uint64_t>> gone;
  std::erase_if(logs_, [&](const auto& entry) {
    if (!is_gone(entry.second.lifetime)) return false;
    gone.emplace_back(entry.first, entry.second.cgroup_id);
    return true;
  });
  return gone;
}

}  // namespace benchd::daemon
