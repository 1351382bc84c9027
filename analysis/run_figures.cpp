#include "analysis/run_figures.h"

#include <algorithm>

#include "analysis/durations.h"
#include "base/text.h"

namespace benchd::analysis {
namespace {

using model::Field;
using model::RunRecord;
using model::RunTasks;

void less(uint64_t& value, uint64_t before) {
  value = value > before ? value - before : 0;
}

void less(std::optional<uint64_t>& value, const std::optional<uint64_t>& before) {
  if (value) less(*value, before.value_or(0));
}

void take(const model::Reading& reading, Field field, std::optional<uint64_t>& value) {
  if (const auto read = reading.values.get(field)) value = read;
}

void take_network(const model::Reading& reading, RunRecord& record) {
  if (reading.network_scope != model::NetworkScope::Own || reading.network.empty()) return;
  uint64_t received = 0;
  uint64_t sent = 0;
  for (const model::InterfaceTraffic& it : reading.network) {
    received += it.receive_bytes;
    sent += it.transmit_bytes;
  }
  record.network_received_bytes = received;
  record.network_sent_bytes = sent;
}

/// The last label of a run: a number is its block, CAMPAIGN/BLOCK/START says which of a campaign's it is.
void take_run_label(const std::string& label, RunRecord& record) {
  if (const auto block = base::parse_integer(label)) {
    record.block = block;
    return;
  }
  std::string_view rest = label;
  const std::string_view campaign = base::cut(rest, '/');
  const std::string_view block = base::cut(rest, '/');
  if (campaign.empty() || !base::parse_integer(rest)) return;
  record.campaign = base::to_utf8(campaign);
  record.block = base::parse_integer(block);
  record.order = *base::parse_integer(rest);
  record.warm_up = !record.block;
}

}  // namespace

void take_figures(const model::Reading& reading, bool collects_io, RunRecord& record) {
  const model::FieldValues& values = reading.values;
  record.cpu_usec = values.get(Field::CpuUsage).value_or(record.cpu_usec);
  record.cpu_user_usec = values.get(Field::CpuUser).value_or(record.cpu_user_usec);
  record.cpu_system_usec = values.get(Field::CpuSystem).value_or(record.cpu_system_usec);
  take(reading, Field::CpuThrottled, record.throttled_usec);
  take(reading, Field::MemoryPeak, record.memory_peak_bytes);
  if (collects_io || !reading.io.empty()) {
    uint64_t read = 0;
    uint64_t written = 0;
    for (const model::DeviceIo& it : reading.io) {
      read += it.read_bytes;
      written += it.written_bytes;
    }
    record.io_read_bytes = read;
    record.io_written_bytes = written;
  }
  if (!reading.threads_estimated) {
    record.cpu_ns.clear();
    for (const model::CpuTime& it : reading.cpus)
      if (it.nanoseconds > 0) record.cpu_ns.emplace_back(it.cpu, it.nanoseconds);
    if (reading.threads) record.threads = reading.threads;
  }
  take_network(reading, record);
  if (values.has(Field::CpusEffective)) record.cpuset = base::format_cpu_list(reading.cpus_effective);
}

void subtract(RunRecord& record, const RunRecord& before) {
  less(record.cpu_usec, before.cpu_usec);
  less(record.cpu_user_usec, before.cpu_user_usec);
  less(record.cpu_system_usec, before.cpu_system_usec);
  less(record.throttled_usec, before.throttled_usec);
  less(record.io_read_bytes, before.io_read_bytes);
  less(record.io_written_bytes, before.io_written_bytes);
  less(record.network_received_bytes, before.network_received_bytes);
  less(record.network_sent_bytes, before.network_sent_bytes);
  record.cpu_ns = grown(record.cpu_ns, before.cpu_ns);
  if (record.threads && before.threads) {
    model::ThreadTimes& threads = *record.threads;
    less(threads.on_cpu, before.threads->on_cpu);
    less(threads.runnable, before.threads->runnable);
    less(threads.blocked, before.threads->blocked);
    less(threads.blocked_on_disk, before.threads->blocked_on_disk);
    less(threads.voluntary_switches, before.threads->voluntary_switches);
    less(threads.involuntary_switches, before.threads->involuntary_switches);
    less(threads.migrations, before.threads->migrations);
  }
  if (before.memory_peak_bytes) record.memory_peak_bytes.reset();
  if (!before.tasks.empty()) record.task_span_ns.reset();
  for (const RunTasks& had : before.tasks) {
    const auto found =
        std::find_if(record.tasks.begin(), record.tasks.end(), [&](const RunTasks& it) { return it.key == had.key; });
    if (found == record.tasks.end()) continue;
    less(found->tasks, had.tasks);
    less(found->timed, had.timed);
    less(found->duration_ns, had.duration_ns);
    found->durations = grown(found->durations, had.durations);
  }
  std::erase_if(record.tasks, [](const RunTasks& it) { return it.tasks == 0; });
}

void describe(const model::Metadata& metadata, RunRecord& record) {
  if (!metadata.name.empty()) record.container = base::to_utf8(metadata.name);
  record.image_digest = base::to_utf8(metadata.image_digest);
  record.cpu_limit = metadata.cpu_limit;
  record.memory_limit_bytes = metadata.memory_limit_bytes;
  if (const auto label = metadata.labels.find("benchd.run"); label != metadata.labels.end())
    take_run_label(label->second, record);
}

bool take_end(const model::Metadata& metadata, RunRecord& record) {
  if (!metadata.exit_code || !metadata.finished) return false;
  if (*metadata.finished * 1e9 < static_cast<double>(record.started_at)) return false;
  record.exit_code = metadata.exit_code;
  record.oom_killed = metadata.oom_killed.value_or(false);
  record.failure = record.oom_killed          ? "killed for want of memory"
                   : *metadata.exit_code == 0 ? ""
                                              : "exit code " + std::to_string(*metadata.exit_code);
  return true;
}

void take_tasks(std::span<const model::TaskFigures> tasks, RunRecord& record) {
  record.tasks.clear();
  std::optional<int64_t> first;
  std::optional<int64_t> last;
  for (const auto& [key, totals] : tasks) {
    if (totals.tasks == 0) continue;
    record.tasks.push_back({.key = key,
                            .tasks = totals.tasks,
                            .timed = totals.timed,
                            .duration_ns = totals.duration_ns,
                            .durations = totals.durations});
    if (totals.first_start) first = std::min(first.value_or(*totals.first_start), *totals.first_start);
    if (totals.last_end) last = std::max(last.value_or(*totals.last_end), *totals.last_end);
  }
  record.task_span_ns = first && last && *last > *first ? std::optional(*last - *first) : std::nullopt;
}

}  // namespace benchd::analysis
