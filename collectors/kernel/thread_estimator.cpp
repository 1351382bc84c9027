#include "collectors/kernel/thread_estimator.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/subdirectories.h"
#include "base/text.h"

namespace benchd::kernel {
namespace {

using base::Result;

/// At most one part in so many of one cpu's time goes into looks.
constexpr base::Instant kSpare = 20;
/// Anyone with a delegated cgroup can nest deeper than a thread's stack.
constexpr int kMaxDepth = 64;
/// How long before its cgroup an engine may make the first process of a container.
constexpr base::Instant kHeadStart = base::kSecond;

uint64_t growth(uint64_t before, uint64_t now) {
  return now - std::min(now, before);
}

/// The highest one's number + 1.
size_t cpus_in(const base::CpuSet& cpus) {
  size_t count = cpus.size();
  while (count > 0 && !cpus[count - 1]) --count;
  return count;
}

bool has_ended(int error) {
  return error == ENOENT || error == ESRCH;
}

}  // namespace

ThreadEstimator::ThreadEstimator(base::Fd proc, const base::CpuSet& online, Clock clock)
    : proc_(std::move(proc)),
      online_(online),
      clock_(std::move(clock)),
      cpus_(cpus_in(online)),
      tick_ns_(base::kSecond / std::max(::sysconf(_SC_CLK_TCK), 1L)) {}

Result<std::unique_ptr<ThreadEstimator>> ThreadEstimator::make(const std::string& proc, const base::CpuSet& online,
                                                               Clock clock) {
  auto directory = base::open_directory(AT_FDCWD, proc.c_str());
  if (!directory.ok()) return directory.error();
  // Somebody else's, as most of those will be: where processes are hidden it is not there.
  if (::faccessat(directory->get(), "1/schedstat", R_OK, 0) != 0)
    return base::errno_error("read " + proc + "/1/schedstat");
  return std::unique_ptr<ThreadEstimator>(new ThreadEstimator(*std::move(directory), online, std::move(clock)));
}

void ThreadEstimator::started(uint64_t id, int directory, ShownBefore before) {
  // Then it is not new, and its threads were charged.
  const bool known_before = !(before.threads == model::ThreadTimes());
  std::vector<uint64_t> by_cpu(cpus_);
  for (const auto& [cpu, shown] : before.cpus) {
    if (cpu >= by_cpu.size()) by_cpu.resize(cpu + 1);
    by_cpu[cpu] = shown;
  }
  containers_.try_emplace(id, Container{.directory = directory,
                                        .before = before.threads,
                                        .charges_from = clock_() - (known_before ? 0 : kHeadStart),
                                        .by_cpu = std::move(by_cpu)});
}

void ThreadEstimator::ended(uint64_t id) {
  containers_.erase(id);
}

void ThreadEstimator::look_at_threads() {
  const base::Instant now = clock_();
  if (looks_) {
    counts_.ended += std::erase_if(threads_, [&](const auto& it) { return it.second.round != round_; });
    health_.duration_seconds = static_cast<double>(spent_) / base::kSecond;
  }
  health_.success = well_;
  looks_ = now - begin_ >= spent_ * kSpare;
  if (!looks_) return;
  ++round_;
  begin_ = now;
  spent_ = 0;
  well_ = true;
}

void ThreadEstimator::read(uint64_t id, model::Reading& reading) {
  const auto found = containers_.find(id);
  if (found == containers_.end()) return;
  Container& container = found->second;
  if (looks_) {
    const base::Instant begin = clock_();
    container.alive_threads = 0;
    look_at_cgroup(container, container.directory, 0);
    spent_ += clock_() - begin;
  }
  reading.threads_estimated = true;
  show(container.sums, container.before, false, reading.threads);
  reading.threads->alive = container.alive_threads;
  const bool has_cpuset = reading.values.has(model::Field::CpusEffective);
  show(container.by_cpu, has_cpuset ? reading.cpus_effective : online_, reading.cpus);
}

void ThreadEstimator::look_at_cgroup(Container& container, int directory, int depth) {
  const base::FileText list = base::read_file(directory, "cgroup.threads", list_);
  if (!list.ok()) {
    well_ = well_ && (has_ended(list.error) || list.error == ENODEV);  // ENODEV: being removed
    return;
  }
  for (std::string_view rest = list.text; !rest.empty();) {
    const auto tid = base::parse_integer<uint32_t>(base::cut(rest, '\n'));
    if (!tid) continue;
    ++container.alive_threads;
    if (*tid != 0) look_at_thread(container, *tid);  // 0: in another pid namespace
  }
  // kernfs counts subdirectories there (kernfs_refresh_inode): saves listing the dozens of files of a cgroup.
  struct stat status {};
  if (depth == kMaxDepth || (::fstat(directory, &status) == 0 && status.st_nlink == 2)) return;
  alignas(dirent64) std::array<char, 2048> entries;
  base::for_each_subdirectory(directory, entries.data(), entries.size(), [&](const char* name) {
    const base::Fd child(::openat(directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (child) look_at_cgroup(container, child.get(), depth + 1);
  });
}

void ThreadEstimator::look_at_thread(Container& container, uint32_t tid) {
  Thread& thread = threads_[tid];
  if (thread.round != round_) {
    ++counts_.looks;
    const Look found = look(tid, thread);
    if (found == Look::Gone) return;  // counted with the others that are not found in this round
    if (found == Look::Unreadable) {
      ++counts_.unreadable;
      well_ = false;
      thread.grown = {};
      thread.grown_alive = 0;
    }
    thread.round = round_;
  }
  if (thread.is_new && thread.start < container.charges_from) return;
  container.sums.alive += thread.grown_alive;
  container.sums.on_cpu += thread.grown.on_cpu;
  container.sums.runnable += thread.grown.runnable;
  if (thread.cpu >= base::kMaxCpus) return;
  if (thread.cpu >= container.by_cpu.size()) container.by_cpu.resize(thread.cpu + 1);
  container.by_cpu[thread.cpu] += thread.grown.on_cpu;
}

/// One system call less than reading on to the end: these files are shown in one piece.
base::FileText ThreadEstimator::read_text(const std::array<char, 64>& name) {
  const base::Fd fd(::openat(proc_.get(), name.data(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  return fd ? base::read_fd(fd.get(), text_) : base::FileText{.error = errno};
}

ThreadEstimator::Look ThreadEstimator::look(uint32_t tid, Thread& thread) {
  std::array<char, 64> name;
  std::snprintf(name.data(), name.size(), "%u/schedstat", tid);
  const base::FileText schedstat = read_text(name);
  if (!schedstat.ok()) return has_ended(schedstat.error) ? Look::Gone : Look::Unreadable;
  const auto did = parse_schedstat(schedstat.text);
  const base::Instant now = clock_();
  if (!did) return Look::Unreadable;
  bool same = thread.start >= 0;
  if (!same || !(*did == thread.last)) {
    // By way of task/: above it the kernel adds up all threads of the process for each of them.
    std::snprintf(name.data(), name.size(), "%u/task/%u/stat", tid, tid);
    const base::FileText stat = read_text(name);
    if (!stat.ok()) return has_ended(stat.error) ? Look::Gone : Look::Unreadable;
    const auto place = parse_thread_stat(stat.text);
    if (!place) return Look::Unreadable;
    const auto start = static_cast<base::Instant>(place->start) * tick_ns_;
    counts_.ended += same && start != thread.start ? 1 : 0;  // another thread by the same number
    same = same && start == thread.start;
    thread.start = start;
    thread.cpu = place->cpu;
  }
  thread.is_new = !same;
  const ThreadSchedstat before = same ? thread.last : ThreadSchedstat();
  thread.grown = {.on_cpu = growth(before.on_cpu, did->on_cpu), .runnable = growth(before.runnable, did->runnable)};
  const base::Instant since = same ? thread.looked_at : thread.start;
  thread.grown_alive = static_cast<uint64_t>(std::max<base::Instant>(now - since, 0));
  thread.last = *did;
  thread.looked_at = now;
  return Look::Good;
}

}  // namespace benchd::kernel
