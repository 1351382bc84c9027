#pragma once

#include <string>
#include <vector>

#include "base/door.h"

namespace benchd::daemon {

/// Where engines listen and runtimes keep their notes. Of several candidates the first that is there counts.
struct DoorPaths {
  std::vector<std::string> docker_sockets = {"/run/docker.sock", "/var/run/docker.sock"};
  std::vector<std::string> podman_sockets = {"/run/podman/podman.sock", "/var/run/podman/podman.sock"};
  std::string users = "/run/user";  ///< UID/docker.sock, UID/podman/podman.sock: rootless engines
  std::vector<std::string> docker_roots = {"/var/lib/docker"};
  std::vector<std::string> containerd_states = {"/run/containerd", "/var/run/containerd"};
  /// `graphroot` of containers-storage.conf(5). In its `runroot` each container has a folder of the same name, without
  /// logs.
  std::vector<std::string> container_storages = {"/var/lib/containers/storage"};
  std::string pods = "/var/log/pods";        ///< NAMESPACE_POD_UID/CONTAINER/RESTART.log: the kubelet's
  std::string nerdctl = "/var/lib/nerdctl";  ///< ADDRESS/containers/NAMESPACE/ID/ID-json.log
  std::string proc = "/proc";
  std::vector<std::string> log_files;  ///< globs of the host's files that may be read: what the rules' `files:` say
};

/// Whether the door lets a `GET target` through (see base::Door::engine_request).
bool is_allowed_target(std::string_view target);

/// Whether `id` may become a component of a path (see base::Door::open_bundle).
bool is_safe_id(std::string_view id);

/// The door without a wall: does everything itself, with the rights of this process.
class InProcessDoor : public base::Door {
 public:
  explicit InProcessDoor(DoorPaths paths = {}) : paths_(std::move(paths)) {}

  std::vector<base::EngineId> engines() override;
  base::Result<base::Fd> engine_request(base::EngineId engine, std::string_view target) override;
  base::Result<base::KernelHandles> kernel() override;
  base::Result<base::Fd> open_bundle(base::Bundle bundle, std::string_view id) override;
  base::Result<base::Fd> open_log_folder(const base::LogFolder& folder) override;
  base::Result<base::Fd> open_log(const base::LogFolder& folder, std::string_view file) override;
  std::vector<std::string> host_logs() override;

 private:
  std::string socket_of(base::EngineId engine) const;

  const DoorPaths paths_;
};

}  // namespace benchd::daemon
