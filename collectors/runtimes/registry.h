#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/door.h"
#include "collectors/runtimes/label_filter.h"
#include "model/container.h"
#include "model/status.h"

namespace boost::asio {
class io_context;
}

namespace benchd::runtimes {

struct RegistryOptions {
  /// Globs over label keys; a label that none matches goes no further than the parser (labels may carry secrets).
  std::vector<std::string> labels = default_labels();

  /// What an engine told about a container nobody asked for (not seen yet, or already gone) is kept this long, and for
  /// at most so many; the oldest goes first and is counted.
  std::chrono::nanoseconds keep_unasked = std::chrono::minutes(5);
  size_t max_unasked = 10'000;

  /// A container without metadata is asked for again after the first pause, doubled up to the last; an engine that does
  /// not answer is tried again in the same manner.
  std::chrono::nanoseconds first_pause = std::chrono::milliseconds(100);
  std::chrono::nanoseconds last_pause = std::chrono::seconds(30);

  /// An engine that takes longer for a response's next byte hangs. (The event stream may be silent for ever once its
  /// header is there.)
  std::chrono::nanoseconds request_timeout = std::chrono::seconds(10);
};

/// What is new about a container. The metadata is immutable; a later update replaces it.
struct Update {
  uint64_t cgroup_id = 0;
  std::shared_ptr<const model::Metadata> metadata;
};

struct RegistryStatus {
  model::CollectorStatus collector;
  std::vector<model::State> states;  ///< engines that are absent, refuse, hang or answer garbage
  uint64_t events = 0;               ///< read from engines
  uint64_t requests = 0;             ///< sent to engines
  uint64_t errors = 0;               ///< requests and streams that failed
  uint64_t dropped = 0;              ///< containers whose early metadata max_unasked pushed out
};

/// Knows what the runtimes say about containers. Everything happens on the thread that runs the io_context; the sampler
/// only ever leaves a note and takes what is there, so that no engine that stops, restarts or hangs costs it a reading.
///
/// Docker and podman: the event stream gives name, image, labels and exit code at once, whether or not the container's
/// cgroup has been seen yet or is already gone; one inspect per start adds the rest. Without a socket, and for
/// containerd and CRI-O: the runtime's bundle file. A user's rootless engine is believed only about containers whose
/// cgroups are that user's. LXC and nspawn: the path's name is all there is.
class Registry {
 public:
  /// `io` and `door` must outlive the registry; `io` must not be run on two threads. Starts working once `io` is run.
  Registry(boost::asio::io_context& io, base::Door& door, RegistryOptions options = {});
  /// Only while `io` is not being run, or on its thread.
  ~Registry();  // NOLINT(bugprone-exception-escape): see the definition
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  /// A container appeared; updates for its cgroup id follow until forget(). Any thread, never waits.
  void wanted(const model::Container& container);
  /// No more updates for it. Any thread, never waits.
  void forget(uint64_t cgroup_id);

  /// Moves what is new since the last call into `updates` (cleared first; at most one per container). Any thread; holds
  /// a lock for a pointer swap. A restarted container has the same runtime id and another cgroup id: the finished one
  /// keeps the exit code of its own run.
  void take_updates(std::vector<Update>& updates);
  /// An eventfd that is readable while updates wait; take_updates() clears it.
  int updates_fd() const;

  /// Any thread.
  RegistryStatus status() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace benchd::runtimes
