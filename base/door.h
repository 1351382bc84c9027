#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "base/fd.h"
#include "base/result.h"

namespace benchd::base {

enum class Engine : uint8_t { Docker, Podman };

/// One engine of this host. Rootless engines belong to a user and have a socket of their own.
struct EngineId {
  Engine engine = Engine::Docker;
  uid_t owner = 0;  ///< 0 = the rootful engine
  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 means the 0 that a rewritten < compares with
  friend auto operator<=>(const EngineId&, const EngineId&) = default;
};

/// Whose note about a container a bundle is.
enum class Bundle : uint8_t {
  Docker,      ///< config.v2.json in dockerd's data root
  Containerd,  ///< the OCI bundle's config.json, in any namespace
  Crio,        ///< the OCI bundle's config.json in containers/storage (podman's too)
};

/// Whose folder of logs.
enum class LogHome : uint8_t {
  Docker,     ///< `name` = a container's id: its folder in dockerd's data root; empty: the folder of all of them
  Pod,        ///< `name` = NAMESPACE_POD_UID/CONTAINER below the kubelet's log folder; empty: that folder itself
  Storage,    ///< `name` = a container's id: its userdata folder in containers/storage (podman)
  Nerdctl,    ///< `name` = a container's id: its folder in nerdctl's data root, in any namespace
  Host,       ///< `name` = a folder of the host that holds files which the configuration names
  Container,  ///< `name` = a folder as the processes of a container see it
};
struct LogFolder {
  LogHome home = LogHome::Host;
  std::string name;
  pid_t pid = 0;       ///< Container: one of its processes
  std::string cgroup;  ///< Container: its cgroup2 path; `pid` must be in it or below it

  friend bool operator==(const LogFolder&, const LogFolder&) = default;
};

/// What stays of the kernel programs once they are loaded and attached (collectors/kernel/programs has their meaning).
/// Nobody needs a right to use these descriptors; the programs stay attached as long as somebody holds them.
enum class KernelHandle : uint8_t {
  CgroupProgram,  ///< program: fills cpu rows, attached to one cgroup where a walk would be too long
  CgroupWalk,     ///< link: the same over the whole hierarchy
  CgroupSearch,   ///< link: makes cgroups known that were there before the hooks
  ThreadWalk,     ///< link: brings the thread sums up to now
  MkdirHook,      ///< links that are only held
  RmdirHook,
  AttachHook,
  ExitHook,
  FreeHook,
  CpuRows,  ///< map: the rows of containers, struct cpu_row
  Cgroups,  ///< map: cgroup id → struct thread_sums
  Removed,  ///< map: cgroup id → struct removed_cgroup
  Late,     ///< map: struct late_key → struct late_cgroup
  Notices,  ///< ring of struct removal_notice
  Status,   ///< map: struct program_status
  Count,
};
struct KernelHandles {
  std::array<Fd, static_cast<size_t>(KernelHandle::Count)> fds;
  uint32_t cpus = 0;              ///< in each row: the highest possible cpu + 1
  uint32_t rows = 0;              ///< for containers read per cpu, a power of 2; half of them find one for sure
  bool sums_subtrees = false;     ///< the kernel keeps sums of removed children itself (6.6)
  bool knows_disk_waits = false;  ///< delay accounting is on

  int get(KernelHandle handle) const { return fds[static_cast<size_t>(handle)].get(); }
};

/// Everything that needs a right which the web-facing process should not have goes through here and comes back as a
/// file descriptor, so that a privileged broker in another process can do it and hand the descriptor over.
/// Every call returns at once: nothing here waits for an engine. Thread-safe.
class Door {
 public:
  Door() = default;
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;
  virtual ~Door() = default;

  /// The engines whose socket is there at this moment, whether or not somebody answers.
  virtual std::vector<EngineId> engines() = 0;

  /// Sends `GET target` to the engine and hands over a non-blocking descriptor on which the raw HTTP/1.1 response
  /// arrives and then ends. Only questions are let through: /version, /info, /events?…, /containers/json?…,
  /// /containers/ID/json, /containers/ID/logs?…; anything else is EPERM. The request says "Connection: close", upon
  /// which the engine answers it alone: the receiver cannot use the descriptor to ask for more. Errors: ENOENT no
  /// socket, ECONNREFUSED nobody listens, EACCES no right, EAGAIN the engine hangs and its queue of connections is
  /// full.
  virtual Result<Fd> engine_request(EngineId engine, std::string_view target) = 0;

  /// Loads and attaches the kernel programs. To be called once; see load_programs for the errors.
  virtual Result<KernelHandles> kernel() = 0;

  /// Opens what a runtime wrote down about a container, for reading. `id` is [a-zA-Z0-9_.-]+ and no dots alone, else
  /// EINVAL; ENOENT where this runtime has no such container, EACCES without the right.
  virtual Result<Fd> open_bundle(Bundle bundle, std::string_view id) = 0;

  /// Opens a folder of logs, to be listed and watched. EINVAL or EPERM for a name that this home cannot have, ENOENT
  /// where there is none (or the process is gone or is another container's), EACCES without the right.
  virtual Result<Fd> open_log_folder(const LogFolder& folder) = 0;

  /// Opens a log in it for reading. Regular files only, never through a symbolic link that somebody else than the
  /// administrator may have made, and without touching what is not a log: a container that plants a link, a fifo or a
  /// device gets EINVAL or ELOOP, and of a container's own files only those on a file system whose reads end (ENOTSUP).
  virtual Result<Fd> open_log(const LogFolder& folder, std::string_view file) = 0;

  /// The paths that are on the host now of the files which the configuration names, sorted.
  virtual std::vector<std::string> host_logs() = 0;
};

}  // namespace benchd::base
