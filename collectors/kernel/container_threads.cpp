#include "collectors/kernel/container_threads.h"

#include <ctime>

#include "base/file.h"
#include "base/text.h"
#include "collectors/kernel/proc_thread.h"

namespace benchd::kernel {
namespace {

/// A look at all threads of a container is not for each line of its log.
constexpr int64_t kBetweenSearches = 100 * base::kMillisecond;
constexpr size_t kMostThreads = 4'096;
constexpr int64_t kLongestTick = 10 * base::kMillisecond;  // CONFIG_HZ=100

/// What follows `key` on its line.
std::string_view line_of(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const std::string_view line = base::cut(text, '\n');
    if (line.starts_with(key)) return line.substr(key.size());
  }
  return {};
}

}  // namespace

std::optional<int64_t> parse_innermost_id(std::string_view status) {
  const std::string_view ids = line_of(status, "NSpid:");
  return base::parse_integer<int64_t>(ids.substr(ids.find_last_of("\t ") + 1));
}

ContainerThreads::ContainerThreads(std::string proc, std::string cgroup)
    : proc_(std::move(proc)), cgroup_(std::move(cgroup)) {}

void ContainerThreads::search() {
  const base::Instant now = base::now();
  if (now < next_search_) return;
  next_search_ = now + kBetweenSearches;
  known_.clear();
  const auto threads = base::read_text(cgroup_ + "/cgroup.threads");
  if (!threads.ok()) return;
  std::string_view rest = *threads;
  for (size_t count = 0; !rest.empty() && count < kMostThreads; ++count) {
    const std::string tid(base::cut(rest, '\n'));
    const auto status = base::read_text(proc_ + "/" + tid + "/status");
    const auto stat = base::read_text(proc_ + "/" + tid + "/stat");
    if (!status.ok() || !stat.ok()) continue;
    const auto number = parse_innermost_id(*status);
    const auto times = parse_thread_stat(*stat);
    const auto host = base::parse_integer<pid_t>(tid);
    if (!number || !times || !host) continue;
    const auto [place, is_new] = known_.try_emplace(*number, Known{.tid = *host, .started = times->start});
    if (!is_new) place->second.tid = 0;
  }
}

std::optional<ContainerThreads::Time> ContainerThreads::read(const Known& known) const {
  if (known.tid == 0) return std::nullopt;
  const std::string directory = proc_ + "/" + std::to_string(known.tid);
  const auto schedstat = base::read_text(directory + "/schedstat");
  const base::Instant at = base::now();
  const auto stat = base::read_text(directory + "/stat");
  if (!schedstat.ok() || !stat.ok()) return std::nullopt;
  const auto times = parse_schedstat(*schedstat);
  const auto identity = parse_thread_stat(*stat);
  if (!times || !identity || identity->start != known.started) return std::nullopt;
  return Time{.tid = known.tid, .started = known.started, .cpu_ns = times->on_cpu, .behind = kLongestTick, .at = at};
}

std::optional<ContainerThreads::Time> ContainerThreads::thread(int64_t number) {
  if (const auto found = known_.find(number); found != known_.end()) {
    if (auto time = read(found->second)) return time;
  }
  search();
  const auto found = known_.find(number);
  return found == known_.end() ? std::nullopt : read(found->second);
}

std::optional<ContainerThreads::Time> ContainerThreads::process(int64_t number) {
  auto time = thread(number);
  if (!time) return std::nullopt;
  const auto status = base::read_text(proc_ + "/" + std::to_string(time->tid) + "/status");
  if (!status.ok() || base::trim(line_of(*status, "Threads:")) != "1") return std::nullopt;
  clockid_t clock{};
  timespec used{};
  if (::clock_getcpuclockid(time->tid, &clock) != 0 || ::clock_gettime(clock, &used) != 0) return std::nullopt;
  time->at = base::now();
  time->cpu_ns = static_cast<uint64_t>(used.tv_sec * base::kSecond + used.tv_nsec);
  time->behind = 0;
  return time;
}

}  // namespace benchd::kernel
