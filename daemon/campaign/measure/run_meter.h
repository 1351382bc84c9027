#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "collectors/cgroup/files.h"
#include "collectors/kernel/kernel_collector.h"
#include "daemon/campaign/cgroups/cgroup_home.h"
#include "daemon/campaign/cgroups/run_cgroup.h"
#include "daemon/campaign/definition/definition.h"
#include "model/run_record.h"

namespace benchd::campaign {

/// Takes what the kernel counted of a run.
class RunMeter : private kernel::RemovalListener {
 public:
  /// `kernel` may be null: no time per cpu, no thread states. Both live longer than this.
  RunMeter(const CgroupHome& home, kernel::KernelCollector* kernel);

  /// All that is known of a cgroup that is empty. It is removed by then: the kernel tells the rest at its removal.
  base::Result<base::Done> measure(RunCgroup& cgroup, model::RunRecord& record);

 private:
  void cgroup_removed(uint64_t cgroup_id, std::string_view path, const kernel::Final& final) override;

  const CgroupHome& home_;
  kernel::KernelCollector* kernel_;
  cgroup::ReaderShare share_;
  uint64_t awaited_ = 0;
  std::optional<kernel::Final> final_;
};

/// Why the run failed, of what its record and its end say; empty: it did not.
std::string failure_of(const Variant& variant, const model::RunRecord& record, bool timed_out, int signal,
                       uint64_t tasks);

}  // namespace benchd::campaign
