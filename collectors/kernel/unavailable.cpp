#include "collectors/kernel/unavailable.h"

#include <cerrno>

#include <sys/stat.h>

namespace benchd::kernel {
namespace {

constexpr ino_t kInitialPidNamespace = 0xEFFFFFFC;  // PROC_PID_INIT_INO, include/linux/proc_ns.h

}  // namespace

model::State unavailable(const base::Error& error, const base::Error* no_estimates) {
  model::State state{.subject = "kernel programs",
                     .found = error.message(),
                     .cost =
                         "time per cpu and thread states are estimated; containers that live between two looks are "
                         "missed",
                     .cure = {}};
  if (no_estimates != nullptr) {
    state.found += "; nor can be estimated: " + no_estimates->message();
    state.cost = "no time per cpu and no thread states; containers that live between two looks are missed";
  }
  switch (error.code) {
    case EPERM:
    case EACCES:
      state.cure = "AmbientCapabilities=CAP_BPF CAP_PERFMON in the service (systemctl edit benchd), or run as root";
      break;
    case ENOENT:
      state.cure = "a kernel with CONFIG_DEBUG_INFO_BTF=y, 6.1 or later";
      break;
    default:
      state.cure = "a kernel 6.1 or later";
  }
  return state;
}

bool sees_all_threads() {
  struct stat about {};
  return ::stat("/proc/self/ns/pid", &about) == 0 && about.st_ino == kInitialPidNamespace;
}

model::State hidden_threads() {
  return {.subject = "thread states",
          .found = "benchd is in a pid namespace of its own, where the threads of others are not to be found",
          .cost = "no thread states; reading a container that sleeps costs as much as one that works",
          .cure = "run benchd on the host, or its container with --pid=host"};
}

}  // namespace benchd::kernel
