#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/cpu_set.h"
#include "base/door.h"
#include "collectors/kernel/mapping.h"
#include "collectors/kernel/subtree_sums.h"
#include "collectors/kernel/thread_source.h"
#include "collectors/kernel/totals.h"
#include "model/reading.h"
#include "model/status.h"

struct ring_buffer;

namespace benchd::kernel {

/// What KernelCollector tells, on the thread and within the call of dispatch().
class RemovalListener {
 public:
  virtual ~RemovalListener() = default;

  /// A cgroup of the default hierarchy is removed, whether it was a container or not, seen alive or not. `path` is from
  /// the hierarchy's root, empty where the kernel's was too long. Told again, without a path, where something was
  /// charged afterwards: the last moments of its threads.
  virtual void cgroup_removed(uint64_t cgroup_id, std::string_view path, const Final& final) = 0;
};

struct KernelCounts {
  size_t cgroups = 0;         ///< known as of the last walk
  uint64_t removed = 0;       ///< cgroups whose end was told
  uint64_t notices_lost = 0;  ///< ends that the ring had no room for; found later all the same
  uint64_t finals_lost = 0;   ///< cgroups whose last values could not be kept
  uint64_t threads_lost = 0;  ///< charges of threads that could not be made
};

/// Time per cpu and thread states of containers, and the last values of all cgroups, from the kernel programs. Exact
/// where the kernel's own sums are. One thread. Allocates only when cgroups come and go.
class KernelCollector : public ThreadSource {
 public:
  /// `online`: the cpus that a container without a cpuset may use. Errors: of mapping the programs' memory.
  static base::Result<std::unique_ptr<KernelCollector>> make(base::KernelHandles handles, const base::CpuSet& online);
  ~KernelCollector() override;
  KernelCollector(const KernelCollector&) = delete;
  KernelCollector& operator=(const KernelCollector&) = delete;

  /// Readable when dispatch() has something to tell.
  int fd() const;

  /// Tells of every cgroup removed before the call, children before their parents.
  void dispatch(RemovalListener& listener);

  void started(uint64_t cgroup_id, int directory, ShownBefore before) override;
  void ended(uint64_t cgroup_id) override;

  void look_at_threads() override;
  std::optional<base::Instant> last_awake(uint64_t cgroup_id) const override;
  /// Time per cpu is as of the container's last cpu.stat on kernels from 6.6 on; before, it is of this moment.
  void look_at_cpus() override;

  /// As of the last looks. No `cpus` for a container that found no row (base::KernelHandles::rows).
  void read(uint64_t cgroup_id, model::Reading& reading) override;

  /// Before 6.6 the kernel does not keep what removed children had used.
  bool needs_cpus_before() const override { return !handles_.sums_subtrees; }
  bool knows_threads() const override { return knows_threads_; }

  const KernelCounts& counts() const { return counts_; }
  const model::CollectorStatus& status() const override { return health_; }

 private:
  /// When it was last seen to be awake, what its threads had done by then, and how many had come and gone.
  struct Wakefulness {
    base::Instant at = 0;  ///< 0 = not looked at yet
    thread_times did{};
    uint64_t moves = 0;
  };
  struct Container {
    std::optional<uint32_t> row;
    uint64_t walk = 0;  ///< that filled the row when it was read last
    ShownBefore before;
    std::vector<uint64_t> lost;  ///< by cpu: what children had used that were removed while no benchd looked
    int directory = -1;
    Wakefulness awake;
  };
  struct DestroyRing {
    void operator()(ring_buffer* ring) const;
  };

  KernelCollector(base::KernelHandles handles, const base::CpuSet& online);
  base::Result<base::Done> open();

  static int on_notice(void* self, void* data, size_t size);
  struct Removed {
    uint64_t parent = 0;
    CpuTotals own;  ///< the most that was told of each cpu
    Final final;
  };

  thread_times take_threads(uint64_t id) const;
  CpuTotals own_time(const own_time& record) const;
  void take_removed(uint64_t id);
  bool take_late(const late_key& key);
  void add_late(uint64_t id, Removed& removed, const SubtreeSums::Totals& own);
  void add_above(uint64_t id, const SubtreeSums::Totals& more);
  void forget_removed(base::Instant now);
  void reconcile();
  bool walk_cgroups();
  bool walk_one(int directory) const;
  bool read_thread_sums();
  void look_who_sleeps(bool all_seen);

  cpu_row& row(uint32_t index) const;
  std::optional<uint32_t> take_row(uint64_t cgroup_id);
  program_status& program() const;
  void calibrate();

  const base::KernelHandles handles_;
  const base::CpuSet online_;
  const bool knows_threads_;
  Mapping rows_;
  Mapping status_;
  std::unique_ptr<ring_buffer, DestroyRing> ring_;
  RemovalListener* listener_ = nullptr;  ///< while dispatch() runs
  SubtreeSums sums_;
  std::unordered_map<uint64_t, Container> containers_;
  std::unordered_map<uint64_t, Removed> removed_;  ///< a while ago: late charges may come
  base::Instant next_reconciliation_ = 0;
  base::Instant next_search_ = 0;
  base::Instant next_forgetting_ = 0;
  base::Instant next_calibration_ = 0;
  uint64_t unseen_ = 0;  ///< charges lost, as of the last look at threads
  bool well_ = true;     ///< the last look at threads was
  KernelCounts counts_;
  model::CollectorStatus health_{.collector = "kernel"};
  std::vector<uint64_t> removed_record_;  ///< room for one struct removed_cgroup and its cpus
  std::vector<uint64_t> late_record_;
  std::vector<uint64_t> batch_keys_;
  std::vector<thread_sums> batch_;
  std::vector<uint64_t> by_cpu_;
};

}  // namespace benchd::kernel
