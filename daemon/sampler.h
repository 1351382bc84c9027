#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "analysis/cpu_spread.h"
#include "base/clock.h"
#include "collectors/cgroup/files.h"
#include "collectors/cgroup/host_stalls.h"
#include "collectors/cgroup/tree.h"
#include "collectors/host/host_collector.h"
#include "collectors/kernel/kernel_collector.h"
#include "collectors/network/network_collector.h"
#include "daemon/snapshot_board.h"
#include "daemon/workload_book.h"
#include "model/snapshot.h"

namespace benchd::daemon {

/// What the sampler counted since the start.
struct SamplerCounts {
  uint64_t readings = 0;          ///< snapshots published
  uint64_t started = 0;           ///< containers that appeared
  uint64_t ended = 0;             ///< containers that ended
  uint64_t seen_dead_only = 0;    ///< of them, those that were gone before they could be looked at
  uint64_t finished_dropped = 0;  ///< finished containers forgotten before their retention time, for want of room
  size_t running = 0;
  size_t finished = 0;  ///< ended and still shown
};

/// Owns the containers: follows the tree, reads every container at a tick or when asked, keeps the finished ones for
/// the retention time, and publishes each reading as a snapshot. Waits for nothing: whoever owns it calls dispatch()
/// when the tree has events, sweep() when one is due and sample() when a reading is. One thread. Allocates only when
/// containers start, end or get their metadata.
class Sampler : private cgroup::TreeListener, private kernel::RemovalListener {
 public:
  struct Parts {
    cgroup::Tree& tree;
    cgroup::ReaderShare& reader;
    SnapshotBoard& board;
    network::NetworkCollector* network = nullptr;  ///< null = not collected
    host::HostCollector* host = nullptr;           ///< null = not collected
    WorkloadBook* workloads = nullptr;             ///< null = there is no ledger
    TaskInbox* tasks = nullptr;                    ///< null = no logs are read
    std::vector<int64_t> duration_bounds;          ///< of the histograms of tasks, in nanoseconds
    kernel::KernelCollector* kernel = nullptr;     ///< null = no last values of cgroups from the kernel
    kernel::ThreadSource* threads = nullptr;       ///< `kernel` where there is one; null = not collected
    std::string below;                             ///< where in the hierarchy the mount is (cgroup::Mount::below)
    model::KernelMode kernel_mode = model::KernelMode::Off;
    std::string kernel_mode_reason;
    uint64_t max_cpu_series = 20'000;  ///< time per cpu on /metrics, of all containers together
    std::string boot_id;
    std::vector<model::State> standing_states;  ///< what start-up found missing
  };

  explicit Sampler(Parts parts);

  /// Called for each container that appears, ends, is populated again after its end, or is forgotten: whoever asks the
  /// runtimes or reads logs listens here.
  std::function<void(const model::Container&)> on_appeared;
  std::function<void(const model::Container&)> on_ended;
  std::function<void(const model::Container&)> on_revived;
  std::function<void(const model::Container&)> on_forgotten;

  /// How long a finished container's counters stay; takes effect at the next sample().
  void set_retention(int64_t nanoseconds) { retention_ = nanoseconds; }

  /// What a runtime told about its container; may come before the cgroup ends, after it, or again.
  void set_metadata(uint64_t cgroup_id, std::shared_ptr<const model::Metadata> metadata);

  /// How a collector on another thread is doing, and the states it found; replaces what was given before.
  void set_other(model::CollectorStatus collector, std::vector<model::State> states) {
    others_[collector.collector] = {collector, std::move(states)};
  }

  /// What finished campaigns came to; shown from the next sample() on.
  void set_comparisons(std::shared_ptr<const std::vector<model::ComparisonSet>> comparisons) {
    comparisons_ = std::move(comparisons);
  }

  void dispatch(base::Instant now) { parts_.tree.dispatch(now, *this); }
  void dispatch_kernel() {
    if (parts_.kernel != nullptr) parts_.kernel->dispatch(*this);
  }
  void sweep(base::Instant now) { parts_.tree.sweep(now, *this); }

  /// Opens the host's files and reads them, ahead of any container's.
  void read_host(base::Instant now) {
    if (parts_.host != nullptr) parts_.host->read(now, host_);
  }

  /// Reads everything that is due and publishes. `now` is the snapshot's instant.
  void sample(base::Instant now);

  /// Whether it is there, or ended and still shown.
  bool knows(uint64_t cgroup_id) const { return by_cgroup_id_.contains(cgroup_id); }

  const SamplerCounts& counts() const { return counts_; }
  base::Instant last_sample() const { return last_sample_; }

 private:
  struct Tracked {
    model::ContainerSnapshot shown;
    std::unique_ptr<cgroup::ContainerFiles> files;  ///< null once the cgroup is removed
    bool cold_due = false;
    analysis::SpreadWindow spread;
  };

  void appeared(std::shared_ptr<const model::Container> container, base::Fd directory) override;
  void changed(uint64_t cgroup_id) override;
  void populated(uint64_t cgroup_id, bool populated) override;
  void removed(uint64_t cgroup_id) override;
  void cgroup_removed(uint64_t cgroup_id, std::string_view path, const kernel::Final& final) override;

  void track(std::unique_ptr<Tracked> tracked);
  void evict(uint64_t cgroup_id);
  void missed(uint64_t cgroup_id, std::string_view path, const kernel::Final& final);
  void read(Tracked& tracked, std::optional<base::Instant> still_since);
  void let_go(Tracked& tracked);
  void read_threads(base::Instant now);
  std::optional<base::Instant> still_since(const Tracked& tracked) const;
  void look_for_labels(Tracked& tracked);
  void charge(const Tracked& tracked);
  void commit(base::Instant now);
  uint64_t cpu_series_dropped() const;
  /// All files whatever their heat: the cgroup may be gone before the next reading.
  void read_last(Tracked& tracked);
  void end(Tracked& tracked);
  void revive(Tracked& tracked);
  void forget(const Tracked& tracked);
  void forget_old(base::Instant now);
  void settle(Tracked& tracked, base::Instant now);
  void publish_containers(std::vector<model::ContainerSnapshot>& containers);
  void gather_states();

  Tracked* find(uint64_t cgroup_id);

  Parts parts_;
  int64_t retention_ = 300 * base::kSecond;
  std::vector<std::unique_ptr<Tracked>> tracked_;  ///< in no order: each stays where it is as long as it can
  std::unordered_map<uint64_t, Tracked*> by_cgroup_id_;
  std::unordered_map<std::string, uint64_t> by_path_;  ///< the newest incarnation at each path
  struct Other {
    model::CollectorStatus collector;
    std::vector<model::State> states;
  };
  std::map<std::string_view, Other> others_;  ///< by the collector's name
  std::vector<model::State> states_;          ///< as last told
  std::vector<model::State> gathered_;        ///< scratch of gather_states
  std::vector<TaskBatch> batches_;            ///< scratch of commit
  std::shared_ptr<const std::vector<int64_t>> duration_bounds_;
  std::shared_ptr<const std::vector<model::ComparisonSet>> comparisons_;
  model::HostReading host_;
  cgroup::HostStalls stalls_;
  std::vector<base::Instant> ends_;  ///< scratch of forget_old
  uint64_t settled_ = 0;             ///< the last number given
  SamplerCounts counts_;
  base::Instant last_sample_ = 0;
};

}  // namespace benchd::daemon
