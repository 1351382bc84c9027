#include "collectors/kernel/totals.h"

#include <algorithm>
#include <numeric>

#include <unistd.h>

namespace benchd::kernel {
namespace {

using model::Field;

void raise(uint64_t& shown, uint64_t value) {
  shown = std::max(shown, value);
}

void raise(model::FieldValues& values, Field field, uint64_t value) {
  values.set(field, std::max(value, values.get(field).value_or(0)));
}

/// User and system time are sampled at ticks; cpu.stat shows them scaled so that they add up to the exact usage
/// (cputime_adjust, kernel/sched/cputime.c). Microseconds.
void split_usage(const CpuTotals& cpu, uint64_t usage, model::FieldValues& values) {
  const uint64_t sampled = cpu.user + cpu.system;
  uint64_t system = sampled == 0 ? 0
                                 : static_cast<uint64_t>(static_cast<double>(usage) * static_cast<double>(cpu.system) /
                                                         static_cast<double>(sampled));
  system = std::max(system, values.get(Field::CpuSystem).value_or(0));
  uint64_t user = usage - std::min(usage, system);
  if (const uint64_t shown = values.get(Field::CpuUser).value_or(0); user < shown) {
    user = shown;
    system = std::max(usage - std::min(usage, user), values.get(Field::CpuSystem).value_or(0));
  }
  values.set(Field::CpuUser, user);
  values.set(Field::CpuSystem, system);
}

struct EventField {
  size_t index;  ///< enum memcg_memory_event, include/linux/memcontrol.h
  Field hierarchical;
  Field local;
};

constexpr EventField kEvents[] = {
    {0, Field::MemoryEventsLow, Field::MemoryEventsLocalLow},
    {1, Field::MemoryEventsHigh, Field::MemoryEventsLocalHigh},
    {2, Field::MemoryEventsMax, Field::MemoryEventsLocalMax},
    {3, Field::MemoryEventsOom, Field::MemoryEventsLocalOom},
    {4, Field::MemoryEventsOomKill, Field::MemoryEventsLocalOomKill},
    {5, Field::MemoryEventsOomGroupKill, Field::MemoryEventsLocalOomGroupKill},
};

}  // namespace

thread_times& operator+=(thread_times& sum, const thread_times& more) {
  sum.alive += more.alive;
  sum.on_cpu += more.on_cpu;
  sum.runnable += more.runnable;
  sum.on_disk += more.on_disk;
  sum.voluntary_switches += more.voluntary_switches;
  sum.involuntary_switches += more.involuntary_switches;
  sum.migrations += more.migrations;
  return sum;
}

CpuTotals& CpuTotals::operator+=(const CpuTotals& other) {
  if (by_cpu.size() < other.by_cpu.size()) by_cpu.resize(other.by_cpu.size());
  for (size_t cpu = 0; cpu < other.by_cpu.size(); ++cpu) by_cpu[cpu] += other.by_cpu[cpu];
  user += other.user;
  system += other.system;
  return *this;
}

CpuTotals CpuTotals::operator-(const CpuTotals& other) const {
  const auto more = [](uint64_t now, uint64_t before) { return now - std::min(now, before); };
  CpuTotals difference{.by_cpu = by_cpu, .user = more(user, other.user), .system = more(system, other.system)};
  for (size_t cpu = 0; cpu < std::min(by_cpu.size(), other.by_cpu.size()); ++cpu)
    difference.by_cpu[cpu] = more(by_cpu[cpu], other.by_cpu[cpu]);
  return difference;
}

uint64_t CpuTotals::sum() const {
  return std::accumulate(by_cpu.begin(), by_cpu.end(), uint64_t{0});
}

void apply(const Final& final, model::Reading& reading) {
  const uint64_t usage = std::max(final.cpu.sum() / 1000, reading.values.get(Field::CpuUsage).value_or(0));
  reading.values.set(Field::CpuUsage, usage);
  split_usage(final.cpu, usage, reading.values);
  show(final.cpu.by_cpu, {}, reading.cpus);
  show_unattributed(reading);
  if (final.knows_threads) show(final.threads, final.threads_before, final.knows_disk_waits, reading.threads);
  if (reading.threads) reading.threads->alive = 0;
  if (!final.memory_peak) return;
  raise(reading.values, Field::MemoryPeak, *final.memory_peak);
  for (const EventField& event : kEvents) {
    raise(reading.values, event.hierarchical, final.memory_events[event.index]);
    raise(reading.values, event.local, final.memory_events_local[event.index]);
  }
}

void go_on(const std::vector<model::CpuTime>& shown_before, std::vector<uint64_t>& lost,
           std::vector<uint64_t>& by_cpu) {
  for (const auto& [cpu, shown] : shown_before) {
    if (cpu >= by_cpu.size() || shown <= by_cpu[cpu]) continue;
    lost.resize(by_cpu.size());
    lost[cpu] += shown - by_cpu[cpu];
  }
  for (size_t cpu = 0; cpu < lost.size(); ++cpu) by_cpu[cpu] += lost[cpu];
}

void show(const thread_times& sums, const model::ThreadTimes& base, bool knows_disk_waits,
          std::optional<model::ThreadTimes>& threads) {
  if (!threads) threads = base;
  raise(threads->on_cpu, base.on_cpu + sums.on_cpu);
  raise(threads->runnable, base.runnable + sums.runnable);
  const uint64_t busy = sums.on_cpu + sums.runnable;
  raise(threads->blocked, base.blocked + (sums.alive - std::min<uint64_t>(sums.alive, busy)));
  if (knows_disk_waits) {
    if (!threads->blocked_on_disk) threads->blocked_on_disk = 0;
    raise(*threads->blocked_on_disk,
          std::min<uint64_t>(base.blocked_on_disk.value_or(0) + sums.on_disk, threads->blocked));
  }
  raise(threads->voluntary_switches, base.voluntary_switches + sums.voluntary_switches);
  raise(threads->involuntary_switches, base.involuntary_switches + sums.involuntary_switches);
  raise(threads->migrations, base.migrations + sums.migrations);
}

void show(const std::vector<uint64_t>& by_cpu, const base::CpuSet& effective, std::vector<model::CpuTime>& cpus) {
  size_t at = 0;
  for (uint32_t cpu = 0; cpu < by_cpu.size(); ++cpu) {
    while (at < cpus.size() && cpus[at].cpu < cpu) ++at;
    const bool there = at < cpus.size() && cpus[at].cpu == cpu;
    if (!there && by_cpu[cpu] == 0 && !effective[cpu]) continue;
    if (!there) cpus.insert(cpus.begin() + static_cast<ptrdiff_t>(at), {.cpu = cpu});
    raise(cpus[at].nanoseconds, by_cpu[cpu]);
  }
}

void show_unattributed(model::Reading& reading) {
  uint64_t sum = 0;
  for (const model::CpuTime& cpu : reading.cpus) sum += cpu.nanoseconds;
  const uint64_t usage = reading.values.get(Field::CpuUsage).value_or(0) * 1000;
  const uint64_t lack = usage - std::min(usage, sum);
  if (lack >= 1000) raise(reading.cpu_unattributed, lack);
}

}  // namespace benchd::kernel
