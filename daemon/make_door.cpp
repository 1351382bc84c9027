#include "daemon/make_door.h"

#include "daemon/door/in_process_door.h"

namespace benchd::daemon {

std::unique_ptr<base::Door> make_door(const Options& options) {
  std::vector<std::string> log_files;
  for (const rules::Rule& rule : options.tasks) log_files.insert(log_files.end(), rule.files.begin(), rule.files.end());
  return std::make_unique<InProcessDoor>(DoorPaths{.docker_sockets = options.docker_sockets,
                                                   .podman_sockets = options.podman_sockets,
                                                   .users = options.runtimes_users,
                                                   .docker_roots = {options.docker_root},
                                                   .container_storages = options.container_storages,
                                                   .proc = options.path_procfs,
                                                   .log_files = std::move(log_files)});
}

}  // namespace benchd::daemon
