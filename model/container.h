#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include <sys/types.h>

#include "base/clock.h"

namespace benchd::model {

/// Who made a container's cgroup, as far as its path tells.
enum class Runtime : uint8_t { None, Docker, Podman, Containerd, Crio, Kubernetes, Lxc, Nspawn };

/// Lower-case word for labels and JSON; "none" for a cgroup that only `--collector.cgroup.include` names.
constexpr const char* name_of(Runtime runtime) {
  constexpr const char* kNames[] = {"none", "docker", "podman", "containerd", "crio", "kubernetes", "lxc", "nspawn"};
  return kNames[static_cast<size_t>(runtime)];
}

/// What a cgroup's path says: the runtime and its id for the container (64 hex digits, or a machine's name).
struct PathMatch {
  Runtime runtime = Runtime::None;
  std::string runtime_id;
  std::string pod_uid;  ///< Kubernetes only

  friend bool operator==(const PathMatch&, const PathMatch&) = default;
};

/// One incarnation of a cgroup that a runtime made or that `include` names. Its identity is (boot id, cgroup id), never
/// its name: removed and made again under one name = two containers. Immutable.
struct Container {
  uint64_t cgroup_id = 0;  ///< the directory's inode number = the kernel's 64-bit cgroup id, unique for this boot
  std::string path;        ///< below the cgroup2 mount, with a leading slash: cAdvisor's `id`
  PathMatch match;
  uid_t owner = 0;  ///< of the cgroup's directory: who may have put it there, and so whose engine may speak of it
  base::Instant first_seen = 0;
};

/// What the runtime says about a container. Late and optional: a container is exported by its cgroup at once and named
/// when this arrives. Wall times are Unix seconds; absent where the runtime does not know.
struct Metadata {
  std::string name;
  std::string image;                          ///< the reference as given
  std::string image_digest;                   ///< "sha256:…" where known
  std::map<std::string, std::string> labels;  ///< those that --runtimes.labels lets through
  std::optional<double> created;
  std::optional<double> started;
  std::optional<double> finished;
  std::optional<int> exit_code;
  std::optional<bool> oom_killed;
  std::string health;  ///< "starting", "healthy", "unhealthy"; empty where no health check is defined
  std::optional<uint64_t> restarts;
  std::optional<double> cpu_limit;             ///< cpus, as asked of the runtime
  std::optional<uint64_t> memory_limit_bytes;  ///< as asked of the runtime
  std::string log_driver;
  std::string log_path;
  std::optional<pid_t> init_pid;

  friend bool operator==(const Metadata&, const Metadata&) = default;
};

}  // namespace benchd::model
