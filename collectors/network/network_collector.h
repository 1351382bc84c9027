#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "base/clock.h"
#include "model/reading.h"
#include "model/status.h"

namespace benchd::network {

/// Where processes and cgroups are; tests give their own.
struct NetworkRoots {
  std::string proc = "/proc";
  std::string cgroup = "/sys/fs/cgroup";  ///< the cgroup2 mount
  std::string below;                      ///< where in the hierarchy that is, as /proc/self/mountinfo says it
};

/// Network counters per container, from its network namespace as one of its processes shows it: /proc/PID/net/dev,
/// which needs no right but that of seeing the process.
///
/// A namespace that several containers share (pods, `--network container:X`) is charged once: to the lowest cgroup id
/// among those known when it is first read; when that one ends, to the next, whose counters then start at 0. The host's
/// namespace is charged to nobody. Charged counters never fall: an interface removed and made again under its name goes
/// on where it stopped.
///
/// Left out, as cAdvisor does: `lo`, and veth*, docker*, nerdctl*: in a container they are the inner side of another
/// engine's bridge, whose traffic has already been counted on the interface that leads out.
///
/// One thread. Keeps one fd per namespace, which pins it, so `ended` must follow `started`.
class NetworkCollector {
 public:
  /// Keeps at most `kept_fds` open, each for one namespace: containers of further ones are not charged, which is a
  /// state.
  explicit NetworkCollector(NetworkRoots roots = {}, size_t kept_fds = std::numeric_limits<size_t>::max());
  ~NetworkCollector();
  NetworkCollector(const NetworkCollector&) = delete;
  NetworkCollector& operator=(const NetworkCollector&) = delete;

  /// A container is there; `path` is its cgroup below the mount, with a leading slash. Nothing happens if it is known.
  void started(uint64_t cgroup_id, std::string_view path, base::Instant now);

  /// What the runtime says its init process is: preferred over the first process of the cgroup, if it is in there.
  void init_pid(uint64_t cgroup_id, pid_t pid);

  /// Sets `network_scope` and `network`. Costs one read of the namespace's table for the container that is charged,
  /// nothing for one that is not; the namespace is looked at again every tick at first, because runtimes put the
  /// process into its cgroup before its namespace, and every 10 s later, unless none of its threads has run between
  /// `still_since` and now. Allocates only when something new appears.
  void read(uint64_t cgroup_id, base::Instant now, model::Reading& reading,
            std::optional<base::Instant> still_since = std::nullopt);

  /// The container has no process any more: the last read (the kept fd still works), then all of it is given back.
  void ended(uint64_t cgroup_id, base::Instant now, model::Reading& reading);

  /// collector "network"; the duration is that of all reads of the last turn, i.e. with the same `now`.
  const model::CollectorStatus& status() const;
  const std::vector<model::State>& states() const;

 private:
  class Namespaces;
  std::unique_ptr<Namespaces> namespaces_;
};

}  // namespace benchd::network
