#include "daemon/campaign/measure/run_meter.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace benchd::campaign {
namespace {

using base::Done;
using base::Error;
using base::Result;
using model::Field;

/// What of a cgroup's files a record has.
cgroup::FileSet recorded_files(const cgroup::Mount& mount) {
  cgroup::FileSet recorded;
  for (const model::File file : {model::File::CpuStat, model::File::MemoryPeak, model::File::MemoryEvents,
                                 model::File::IoStat, model::File::CpusetCpusEffective})
    recorded.set(static_cast<size_t>(file));
  return recorded & cgroup::files_with(mount.controllers);
}

}  // namespace

RunMeter::RunMeter(const CgroupHome& home, kernel::KernelCollector* kernel) : home_(home), kernel_(kernel), share_(0) {
  share_.possible = recorded_files(home.mount());
}

Result<Done> RunMeter::measure(RunCgroup& cgroup, model::RunRecord& record) {
  model::Reading reading;
  {
    auto directory = base::open_directory(cgroup.directory(), ".");
    if (!directory.ok()) return directory.error();
    cgroup::ContainerFiles files(*std::move(directory), share_);
    files.finish(base::now(), reading);
  }
  awaited_ = cgroup.id();
  final_.reset();
  if (auto removed = cgroup.remove(); !removed.ok()) return removed;
  if (kernel_ != nullptr) kernel_->dispatch(*this);
  if (final_) kernel::apply(*final_, reading);

  const auto& values = reading.values;
  if (!values.get(Field::CpuUsage)) return Error{.code = ENODATA, .attempt = "read cpu.stat in " + cgroup.path()};
  record.cpu_usec = *values.get(Field::CpuUsage);
  record.cpu_user_usec = values.get(Field::CpuUser).value_or(0);
  record.cpu_system_usec = values.get(Field::CpuSystem).value_or(0);
  record.throttled_usec = values.get(Field::CpuThrottled);
  record.memory_peak_bytes = values.get(Field::MemoryPeak);
  record.oom_killed = values.get(Field::MemoryEventsOomKill).value_or(0) > 0;
  if (values.get(Field::CpusEffective) && record.cpuset.empty())
    record.cpuset = base::format_cpu_list(reading.cpus_effective);
  const auto& controllers = home_.controllers();
  if (std::find(controllers.begin(), controllers.end(), "io") != controllers.end()) {
    record.io_read_bytes = 0;
    record.io_written_bytes = 0;
    for (const model::DeviceIo& io : reading.io) {
      *record.io_read_bytes += io.read_bytes;
      *record.io_written_bytes += io.written_bytes;
    }
  }
  if (final_) {
    for (const model::CpuTime& cpu : reading.cpus)
      if (cpu.nanoseconds > 0) record.cpu_ns.emplace_back(cpu.cpu, cpu.nanoseconds);
    record.threads = reading.threads;
  }
  return Done{};
}

void RunMeter::cgroup_removed(uint64_t cgroup_id, std::string_view /*path*/, const kernel::Final& final) {
  if (cgroup_id == awaited_) final_ = final;
}

std::string failure_of(const Variant& variant, const model::RunRecord& record, bool timed_out, int signal,
                       uint64_t tasks) {
  if (timed_out) return fmt::format("timeout of {:g} s", static_cast<double>(*variant.timeout_ns) / base::kSecond);
  if (record.oom_killed) return "killed for want of memory";
  if (record.exit_code && signal != 0) return fmt::format("signal {} ({})", signal, ::strsignal(signal));
  if (record.exit_code && *record.exit_code != variant.check.exit_code)
    return "exit code " + std::to_string(*record.exit_code);
  if (variant.check.tasks && tasks != *variant.check.tasks)
    return fmt::format("check: {} tasks, expected {}", tasks, *variant.check.tasks);
  return {};
}

}  // namespace benchd::campaign
