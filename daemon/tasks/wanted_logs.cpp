#include "daemon/tasks/wanted_logs.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "collectors/tasks/logs/sources.h"
#include "collectors/tasks/rules/rule_file.h"
#include "collectors/tasks/rules/selection.h"

namespace benchd::daemon {

WantedLogs logs_of_container(base::Door& door, std::span<const rules::Rule> rules, const model::Container& container,
                             const model::Metadata& metadata, const std::optional<logs::LogSpec>& open) {
  WantedLogs wanted;
  std::vector<rules::Rule> selected = rules::selected_for(rules, metadata);
  auto own = rules::rules_of_labels(metadata.labels);
  if (own.ok()) {
    selected.insert(selected.end(), own->begin(), own->end());
  } else {
    wanted.states.push_back({.subject = "rules of container " + metadata.name,
                             .found = own.error().message(),
                             .cost = "its tasks are not counted by its own rules",
                             .cure = "docs/rules.md says how labels are written"});
  }
  std::map<std::string, std::vector<rules::Rule>> by_path;
  for (rules::Rule& rule : selected) by_path[rule.path].push_back(std::move(rule));
  for (auto& [path, its] : by_path) {
    logs::OutputLog log;
    if (path.empty() && open) {
      log.spec = open;
    } else if (path.empty()) {
      log = logs::output_log(door, container, metadata);
    } else if (metadata.init_pid) {
      log.spec = logs::file_in_container(container, *metadata.init_pid, path);
    } else {
      log.why_not = "no process of it is known";
    }
    if (log.spec) {
      wanted.logs.push_back({.spec = *std::move(log.spec), .rules = std::move(its), .container = {}});
    } else {
      wanted.states.push_back({.subject = "log of container " + metadata.name,
                               .found = log.why_not,
                               .cost = "its tasks are not counted",
                               .cure = "a log driver that keeps the log: json-file, local, journald"});
    }
  }
  return wanted;
}

std::vector<WantedLog> logs_of_host(base::Door& door, std::span<const rules::Rule> rules,
                                    std::span<const std::string> left) {
  std::vector<WantedLog> wanted;
  const auto has_files = [](const rules::Rule& rule) { return !rule.files.empty(); };
  if (std::none_of(rules.begin(), rules.end(), has_files)) return wanted;
  std::vector<std::string> there = door.host_logs();
  for (const std::string& path : left) {
    if (std::find(there.begin(), there.end(), path) == there.end()) there.push_back(path);
  }
  std::set<std::string> taken;
  for (const rules::Rule& rule : rules) {
    std::vector<std::string> its;
    std::copy_if(there.begin(), there.end(), std::back_inserter(its),
                 [&](const std::string& path) { return rules::is_for_file(rule, path); });
    for (const std::string& path : logs::without_rotated(its)) {
      if (!taken.insert(path).second) continue;
      WantedLog& log = wanted.emplace_back();
      log.spec = logs::file_on_host(path);
      log.container = rule.container;
      std::copy_if(rules.begin(), rules.end(), std::back_inserter(log.rules),
                   [&](const rules::Rule& other) { return rules::is_for_file(other, path); });
    }
  }
  return wanted;
}

}  // namespace benchd::daemon
