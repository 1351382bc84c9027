#include "collectors/tasks/logs/sources.h"

#include <algorithm>
#include <cerrno>
#include <map>

#include "base/text.h"
#include "collectors/tasks/logs/siblings.h"

namespace benchd::logs {
namespace {

using base::LogHome;
using model::Container;
using model::Metadata;
using model::Runtime;

/// As log_name() has it.
constexpr std::string_view kDockerPrefix = "docker:";
constexpr std::string_view kFilePrefix = "file:";

/// Which log it is, for good: an engine's id names a container over all its restarts.
std::string log_name(const Container& container) {
  return std::string(model::name_of(container.match.runtime)) + ":" + container.match.runtime_id;
}

OutputLog nothing(std::string why) {
  return {.spec = std::nullopt, .why_not = std::move(why)};
}

LogSpec from_engine(const Container& container, base::Engine engine, std::string why_no_file) {
  return {.log = log_name(container),
          .kind = LogKind::EngineStream,
          .container = container.match.runtime_id,
          .engine = {engine, container.owner},
          .why_no_file = std::move(why_no_file)};
}

LogSpec from_journal(const Container& container) {
  return {.log = log_name(container), .kind = LogKind::Journal, .container = container.match.runtime_id};
}

/// Why the file is not to be had: not without the right, and not where this engine keeps its data elsewhere; empty: it
/// is. The folder of a container that has ended may be gone, and the file be open already.
std::string why_out_of_reach(base::Door& door, const LogSpec& spec, const Metadata& metadata) {
  const auto folder = door.open_log_folder(spec.folder);
  return folder.ok() || (folder.error().code == ENOENT && metadata.finished) ? "" : folder.error().message();
}

OutputLog docker_output(base::Door& door, const Container& container, const Metadata& metadata) {
  const std::string& driver = metadata.log_driver;
  if (driver.empty()) return nothing("its log driver is not known yet");
  if (driver == "none") return nothing("its log driver is \"none\"");
  // A rootless engine's files are its user's, who may put anything there.
  std::string why_no_file;
  if (driver == "json-file" && container.owner == 0) {
    LogSpec file = docker_log(container.match.runtime_id);
    why_no_file = why_out_of_reach(door, file, metadata);
    if (why_no_file.empty()) return {.spec = std::move(file), .why_not = {}};
  }
  if (driver == "journald" && container.owner == 0) return {.spec = from_journal(container), .why_not = {}};
  return {.spec = from_engine(container, base::Engine::Docker, std::move(why_no_file)), .why_not = {}};
}

OutputLog podman_output(base::Door& door, const Container& container, const Metadata& metadata) {
  const std::string& driver = metadata.log_driver;
  if (driver.empty()) return nothing("its log driver is not known yet");
  if (driver == "none" || driver == "passthrough") return nothing("its log driver is \"" + driver + "\"");
  const std::string& id = container.match.runtime_id;
  LogSpec file{.log = log_name(container),
               .kind = LogKind::Cri,
               .folder = {.home = LogHome::Storage, .name = id},
               .file = "ctr.log"};
  std::string why_no_file;
  if (driver == "k8s-file" && container.owner == 0 &&
      metadata.log_path.ends_with("/overlay-containers/" + id + "/userdata/ctr.log")) {
    why_no_file = why_out_of_reach(door, file, metadata);
    if (why_no_file.empty()) return {.spec = std::move(file), .why_not = {}};
  }
  if (driver == "journald" && container.owner == 0) return {.spec = from_journal(container), .why_not = {}};
  return {.spec = from_engine(container, base::Engine::Podman, std::move(why_no_file)), .why_not = {}};
}

/// RESTART.log with the highest number is the running container's: the kubelet names it before it starts it.
std::optional<std::string> newest_restart(base::Door& door, const base::LogFolder& folder) {
  auto directory = door.open_log_folder(folder);
  if (!directory.ok()) return std::nullopt;
  std::optional<unsigned> newest;
  for (const std::string& name : names_in(std::move(*directory)))
    if (const auto number = base::parse_integer<unsigned>(std::string_view(name).substr(0, name.find('.')));
        number && name == std::to_string(*number) + ".log")
      newest = std::max(newest.value_or(0), *number);
  if (!newest) return std::nullopt;
  return std::to_string(*newest) + ".log";
}

/// /var/log/pods/NAMESPACE_POD_UID/CONTAINER/RESTART.log; the name is "NAMESPACE/POD/CONTAINER".
OutputLog pod_output(base::Door& door, const Container& container, const Metadata& metadata) {
  std::string_view rest = metadata.name;
  const std::string space(base::cut(rest, '/'));
  const std::string pod(base::cut(rest, '/'));
  const std::string name(rest);
  if (name.empty()) return nothing("its pod's name is not known yet");
  if (name == "POD") return nothing("a pod's sandbox writes nothing");
  std::string uid = container.match.pod_uid;
  std::replace(uid.begin(), uid.end(), '_', '-');
  std::string folder = space;
  for (const std::string& part : {std::string("_"), pod, std::string("_"), uid, std::string("/"), name}) folder += part;
  LogSpec spec{.log = log_name(container), .kind = LogKind::Cri, .folder = {.home = LogHome::Pod, .name = folder}};
  const auto file = newest_restart(door, spec.folder);
  if (!file) return nothing("no log in /var/log/pods/" + folder);
  spec.file = *file;
  return {.spec = std::move(spec), .why_not = {}};
}

LogSpec nerdctl_log(const Container& container) {
  const std::string& id = container.match.runtime_id;
  return {.log = log_name(container),
          .kind = LogKind::JsonFile,
          .folder = {.home = LogHome::Nerdctl, .name = id},
          .file = id + "-json.log"};
}

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

std::string file_of(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

}  // namespace

LogSpec docker_log(const std::string& id) {
  return {.log = std::string(kDockerPrefix) + id,
          .kind = LogKind::JsonFile,
          .folder = {.home = LogHome::Docker, .name = id},
          .file = id + "-json.log"};
}

std::optional<base::LogFolder> folder_of_container(std::string_view log) {
  const std::string_view runtime = base::cut(log, ':');
  const std::string id(base::cut(log, ':'));
  if (runtime == "docker") return base::LogFolder{.home = LogHome::Docker, .name = id};
  if (runtime == "podman") return base::LogFolder{.home = LogHome::Storage, .name = id};
  return std::nullopt;
}

std::optional<std::string> docker_id(std::string_view log) {
  const std::string_view id = log.substr(std::min(log.size(), kDockerPrefix.size()));
  if (!log.starts_with(kDockerPrefix) || id.find(':') != std::string_view::npos) return std::nullopt;
  return std::string(id);
}

OutputLog output_log(base::Door& door, const Container& container, const Metadata& metadata) {
  switch (container.match.runtime) {
    case Runtime::Docker:
      return docker_output(door, container, metadata);
    case Runtime::Podman:
      return podman_output(door, container, metadata);
    case Runtime::Kubernetes:
      return pod_output(door, container, metadata);
    case Runtime::Containerd:
    case Runtime::Crio:
      if (!container.match.pod_uid.empty()) return pod_output(door, container, metadata);
      if (container.match.runtime == Runtime::Containerd) {
        LogSpec spec = nerdctl_log(container);
        if (door.open_log_folder(spec.folder).ok()) return {.spec = std::move(spec), .why_not = {}};
      }
      return nothing("nobody is known to keep its output");
    default:
      return nothing("nobody is known to keep its output");
  }
}

LogSpec file_in_container(const Container& container, pid_t pid, const std::string& path) {
  return {.log = log_name(container) + ":" + path,
          .kind = LogKind::Plain,
          .folder = {.home = LogHome::Container, .name = folder_of(path), .pid = pid, .cgroup = container.path},
          .file = file_of(path)};
}

LogSpec file_on_host(const std::string& path) {
  return {.log = std::string(kFilePrefix) + path,
          .kind = LogKind::Plain,
          .folder = {.home = LogHome::Host, .name = folder_of(path)},
          .file = file_of(path)};
}

std::optional<std::string> host_path(std::string_view log) {
  if (!log.starts_with(kFilePrefix)) return std::nullopt;
  return std::string(log.substr(kFilePrefix.size()));
}

std::vector<std::string> without_rotated(const std::vector<std::string>& paths) {
  std::map<std::string, std::vector<std::string>> names;
  for (const std::string& path : paths) names[folder_of(path)].push_back(file_of(path));
  std::vector<std::string> kept;
  for (const std::string& path : paths) {
    const auto& there = names[folder_of(path)];
    const std::string file = file_of(path);
    const bool rotated = std::any_of(there.begin(), there.end(), [&](const std::string& other) {
      const auto siblings = siblings_of(other, there);
      return other != file && std::any_of(siblings.begin(), siblings.end(),
                                          [&](const Sibling& sibling) { return sibling.name == file; });
    });
    if (!rotated) kept.push_back(path);
  }
  return kept;
}

}  // namespace benchd::logs
