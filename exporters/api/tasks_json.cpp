#include "exporters/api/tasks_json.h"

#include <algorithm>

#include "exporters/api/json.h"

namespace benchd::api {
namespace {

/// Whose it is; null for the host and for containers that nobody shows any more.
const model::ContainerSnapshot* find(const model::Snapshot& snapshot, uint64_t cgroup_id) {
  const auto found =
      std::find_if(snapshot.containers.begin(), snapshot.containers.end(),
                   [&](const model::ContainerSnapshot& it) { return it.container->cgroup_id == cgroup_id; });
  return found == snapshot.containers.end() ? nullptr : &*found;
}

Json head_of_subject(const model::ContainerSnapshot* container) {
  Json json = {{"id", container == nullptr ? "/" : base::to_utf8(container->container->path)}};
  if (container != nullptr && container->metadata) put(json, "name", container->metadata->name);
  return json;
}

Json cost_json(const model::TaskRates::Cost& cost, const model::Reading& reading) {
  Json json = {{"cpu_seconds", cost.cpu_seconds}};
  if (!reading.io.empty()) {
    json["io_read_bytes"] = cost.io_read_bytes;
    json["io_written_bytes"] = cost.io_written_bytes;
  }
  if (reading.threads) {
    json["thread_seconds"] = {
        {"on_cpu", cost.on_cpu_seconds}, {"runnable", cost.runnable_seconds}, {"blocked", cost.blocked_seconds}};
  }
  return json;
}

Json rates_json(const model::TaskRates& it, const model::ContainerSnapshot* container) {
  Json json = {{"task", base::to_utf8(it.key.task)},
               {"outcome", base::to_utf8(it.key.outcome)},
               {"tasks", it.tasks},
               {"tasks_per_second", it.per_second}};
  put(json, "mean_seconds", it.mean_seconds);
  if (it.mean_seconds) json["in_flight"] = it.in_flight;
  json["costed"] = it.costed;
  json["apportioned"] = it.apportioned;
  if (it.cost && container != nullptr) json["per_task"] = cost_json(*it.cost, container->reading);
  return json;
}

Json window_json(const model::Snapshot& snapshot, const model::TaskWindow& window) {
  const model::ContainerSnapshot* container = find(snapshot, window.cgroup_id);
  Json json = head_of_subject(container);
  json["from"] = unix_time(snapshot, window.from);
  json["to"] = unix_time(snapshot, window.to);
  Json& tasks = json["tasks"] = Json::array();
  for (const model::TaskRates& it : window.tasks) tasks.push_back(rates_json(it, container));
  if (container != nullptr) json["residual_cpu_seconds"] = static_cast<double>(window.residual.cpu_ns) / 1e9;
  json["coarse"] = window.coarse > 0;
  json["late_lines"] = window.late;
  json["losses"] = window.losses;
  return json;
}

}  // namespace

std::string tasks_json(const model::Snapshot& snapshot, std::span<const model::TaskWindow> windows) {
  Json json = head_of(snapshot);
  Json& containers = json["containers"] = Json::array();
  for (const model::TaskWindow& it : windows) {
    if (it.cgroup_id != 0 && find(snapshot, it.cgroup_id) == nullptr) continue;  // forgotten since
    containers.push_back(window_json(snapshot, it));
  }
  return ascii(json);
}

std::string unmatched_json(const model::Snapshot& snapshot, std::span<const model::UnmatchedLines> logs) {
  Json json = head_of(snapshot);
  Json& all = json["logs"] = Json::array();
  for (const model::UnmatchedLines& it : logs) {
    const model::ContainerSnapshot* container = find(snapshot, it.cgroup_id);
    if (it.cgroup_id != 0 && container == nullptr) continue;
    Json log = head_of_subject(container);
    put(log, "log", it.log);
    Json& lines = log["lines"] = Json::array();
    for (const std::string& line : it.lines) lines.push_back(base::to_utf8(line));
    all.push_back(std::move(log));
  }
  return ascii(json);
}

std::string error_json(const std::string& text) {
  return ascii({{"error", base::to_utf8(text)}});
}

}  // namespace benchd::api
