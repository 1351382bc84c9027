#include "exporters/api/containers_json.h"

#include "exporters/api/json.h"

namespace benchd::api {
namespace {

using model::Shape;

Json field_value(const model::FieldSpec& field, uint64_t value) {
  if (field.kind == model::Kind::Limit && value == model::kUnlimited) return "max";
  return value;
}

Json io_json(const model::Snapshot& snapshot, const model::Reading& reading) {
  Json rows = Json::array();
  for (const model::DeviceIo& io : reading.io) {
    Json row = {{"device", std::to_string(io.device.major) + ":" + std::to_string(io.device.minor)}};
    if (const model::HostDisk* disk = find_disk(snapshot.host, io.device)) put(row, "name", disk->name.data());
    row["rbytes"] = io.read_bytes;
    row["wbytes"] = io.written_bytes;
    row["rios"] = io.reads;
    row["wios"] = io.writes;
    row["dbytes"] = io.discarded_bytes;
    row["dios"] = io.discards;
    rows.push_back(std::move(row));
  }
  return rows;
}

Json files_json(const model::Snapshot& snapshot, const model::Reading& reading) {
  Json files = Json::object();
  for (const model::FieldSpec& field : model::kFields) {
    const auto value = reading.values.get(field.field);
    if (!value) continue;
    const model::FileSpec& file = spec(field.file);
    const std::string name(file.name);
    switch (file.shape) {
      case Shape::Single:
        files[name] = field_value(field, *value);
        break;
      case Shape::Pressure:
        files[name][std::string(field.key)]["total"] = *value;
        break;
      case Shape::CpuList:
        files[name] = base::format_cpu_list(reading.cpus_effective);
        break;
      case Shape::Pids:
        files[name]["count"] = *value;
        break;
      case Shape::Keyed:
      case Shape::CpuMax:
        files[name][std::string(field.key)] = field_value(field, *value);
        break;
      case Shape::IoStat:
        break;  // has no scalar fields
    }
  }
  if (!reading.io.empty()) files["io.stat"] = io_json(snapshot, reading);
  return files;
}

Json network_json(const model::Reading& reading) {
  using model::NetworkScope;
  Json network;
  switch (reading.network_scope) {
    case NetworkScope::Unknown:
      return network;
    case NetworkScope::Own:
      network["scope"] = "own";
      break;
    case NetworkScope::Shared:
      network["scope"] = "shared";
      break;
    case NetworkScope::Host:
      network["scope"] = "host";
      break;
  }
  for (const model::InterfaceTraffic& it : reading.network)
    network["interfaces"].push_back({{"interface", base::to_utf8(it.name.data())},
                                     {"receive_bytes", it.receive_bytes},
                                     {"receive_packets", it.receive_packets},
                                     {"receive_errors", it.receive_errors},
                                     {"receive_dropped", it.receive_dropped},
                                     {"transmit_bytes", it.transmit_bytes},
                                     {"transmit_packets", it.transmit_packets},
                                     {"transmit_errors", it.transmit_errors},
                                     {"transmit_dropped", it.transmit_dropped}});
  return network;
}

/// Guesses have keys of their own, never those of the kernel's sums.
void put_kernel(Json& json, const model::Reading& reading) {
  if (!reading.cpus.empty()) {
    Json& cpus = json[reading.threads_estimated ? "cpus_estimated" : "cpus"];
    for (const model::CpuTime& it : reading.cpus) cpus["ns"][std::to_string(it.cpu)] = it.nanoseconds;
    if (!reading.threads_estimated) cpus["unattributed_ns"] = reading.cpu_unattributed;
    if (reading.cpu_spread) {
      cpus["effective"] = reading.cpu_spread->effective_cpus;
      cpus["imbalance"] = reading.cpu_spread->imbalance;
    }
  }
  if (!reading.threads) return;
  const model::ThreadTimes& it = *reading.threads;
  Json& threads = json[reading.threads_estimated ? "threads_estimated" : "threads"];
  threads = {{"on_cpu_ns", it.on_cpu}, {"runnable_ns", it.runnable}, {"blocked_ns", it.blocked}, {"alive", it.alive}};
  if (reading.threads_estimated) return;
  put(threads, "blocked_disk_ns", it.blocked_on_disk);
  threads["voluntary_switches"] = it.voluntary_switches;
  threads["involuntary_switches"] = it.involuntary_switches;
  threads["migrations"] = it.migrations;
}

void put_metadata(Json& json, const model::Metadata& metadata, bool ended) {
  put(json, "name", metadata.name);
  put(json, "image", metadata.image);
  put(json, "image_digest", metadata.image_digest);
  for (const auto& [key, value] : metadata.labels) json["labels"][base::to_utf8(key)] = base::to_utf8(value);
  put(json, "created", metadata.created);
  put(json, "started", metadata.started);
  if (ended) {
    put(json, "exit_code", metadata.exit_code);
    put(json, "oom_killed", metadata.oom_killed);
  }
  put(json, "health", metadata.health);
  put(json, "restarts", metadata.restarts);
  if (metadata.cpu_limit) json["requested"]["cpus"] = *metadata.cpu_limit;
  if (metadata.memory_limit_bytes) json["requested"]["memory_bytes"] = *metadata.memory_limit_bytes;
  if (!metadata.log_driver.empty()) put(json["log"], "driver", metadata.log_driver);
  if (!metadata.log_path.empty()) put(json["log"], "path", metadata.log_path);
  put(json, "init_pid", metadata.init_pid);
}

Json container_json(const model::Snapshot& snapshot, const model::ContainerSnapshot& it) {
  const model::Container& container = *it.container;
  Json json = {{"id", base::to_utf8(container.path)},
               {"cgroup_id", container.cgroup_id},
               {"runtime", name_of(container.match.runtime)}};
  put(json, "runtime_id", container.match.runtime_id);
  put(json, "pod_uid", container.match.pod_uid);
  json["state"] = it.ended ? "finished" : "running";
  json["first_seen"] = unix_time(snapshot, container.first_seen);
  if (it.reading.at != 0) json["read"] = unix_time(snapshot, it.reading.at);
  if (it.ended) json["finished"] = unix_time(snapshot, *it.ended);
  if (it.metadata) put_metadata(json, *it.metadata, it.ended.has_value());
  json["files"] = files_json(snapshot, it.reading);
  put_kernel(json, it.reading);
  if (Json network = network_json(it.reading); !network.is_null()) json["network"] = std::move(network);
  return json;
}

}  // namespace

std::string containers_json(const model::Snapshot& snapshot) {
  Json json = head_of(snapshot);
  Json& containers = json["containers"] = Json::array();
  for (const model::ContainerSnapshot& it : snapshot.containers) containers.push_back(container_json(snapshot, it));
  return json.dump();
}

}  // namespace benchd::api
