#include <libcgroup.h>

#include "collectors/cgroup/mount.h"

namespace benchd::cgroup {

std::vector<ControllerMount> controllers_by_libcgroup() {
  // Before its first use the library sets a logger that writes to standard output.
  cgroup_set_logger([](void*, int, const char*, va_list) {}, CGROUP_LOG_ERROR, nullptr);
  std::vector<ControllerMount> controllers;
  if (cgroup_init() != 0) return controllers;

  void* handle = nullptr;
  cgroup_mount_point found{};
  for (int error = cgroup_get_controller_begin(&handle, &found); error == 0;
       error = cgroup_get_controller_next(&handle, &found)) {
    controllers.push_back({.controller = found.name, .path = found.path});
  }
  cgroup_get_controller_end(&handle);
  return controllers;
}

}  // namespace benchd::cgroup
