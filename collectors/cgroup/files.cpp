#include "collectors/cgroup/files.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "base/cpu_set.h"
#include "collectors/cgroup/parse.h"
#include "collectors/cgroup/processes.h"

namespace benchd::cgroup {
namespace {

using model::Field;
using model::File;
using model::Heat;
using model::kFileCount;

constexpr base::Instant kColdEvery = 10 * base::kSecond;
constexpr auto kEvents = static_cast<size_t>(File::CgroupEvents);
constexpr auto kProcesses = static_cast<size_t>(File::CgroupProcs);
/// A little less than a second: a tick that comes early by its jitter shall not wait for the next one.
constexpr base::Instant kWarmEvery = 900 * base::kMillisecond;

static_assert(kFileCount <= 64);

constexpr FileSet files_of(Heat heat) {
  uint64_t bits = 0;
  for (size_t i = 0; i < kFileCount; ++i) bits |= uint64_t{model::kFiles[i].heat == heat} << i;
  return {bits};
}

constexpr FileSet kHot = files_of(Heat::Hot);
constexpr FileSet kWarm = files_of(Heat::Warm);
constexpr FileSet kCold = files_of(Heat::Cold);

/// Cold files with a peak or a count, which are shown of a finished container too.
constexpr FileSet kColdFinals = [] {
  uint64_t bits = 0;
  for (const File file : {File::CpuStatLocal, File::MemoryEvents, File::MemoryEventsLocal, File::MemoryPeak,
                          File::MemorySwapEvents, File::MemorySwapPeak, File::PidsEvents, File::PidsPeak}) {
    bits |= uint64_t{1} << static_cast<size_t>(file);
  }
  return FileSet{bits};
}();

const std::array<model::FieldValues::Set, kFileCount> fields_of_file = [] {
  std::array<model::FieldValues::Set, kFileCount> sets;
  for (const model::FieldSpec& field : model::kFields)
    sets[static_cast<size_t>(field.file)].set(static_cast<size_t>(field.field));
  return sets;
}();

size_t store_cpu_list(std::string_view text, model::Reading& reading) {
  const auto cpus = base::parse_cpu_list(text);
  if (!cpus) return 1;
  reading.cpus_effective = *cpus;
  reading.values.set(Field::CpusEffective, cpus->count());
  return 0;
}

/// Puts the text of `file` into the reading; returns how much of it was not understood.
size_t store(File file, std::string_view text, IoCounters& io, model::Reading& reading) {
  if (file == File::IoStat) return io.update(text, reading.io);
  reading.values.clear(fields_of_file[static_cast<size_t>(file)]);
  if (file == File::CpusetCpusEffective) return store_cpu_list(text, reading);
  return parse_fields(file, text, reading.values);
}

}  // namespace

FileSet files_with(const std::vector<std::string>& controllers) {
  FileSet files;
  for (size_t i = 0; i < kFileCount; ++i) {
    const std::string_view needed = model::kFiles[i].controller;
    files[i] = needed.empty() || std::find(controllers.begin(), controllers.end(), needed) != controllers.end();
  }
  return files;
}

ContainerFiles::ContainerFiles(base::Fd directory, ReaderShare& share, std::string path)
    : directory_(std::move(directory), std::move(path), share.directories),
      share_(share),
      cold_phase_(share.containers_made++ % 10 * base::kSecond) {}

ContainerFiles::~ContainerFiles() {
  for (size_t i = 0; i < kFileCount; ++i) drop(i);
}

ContainerFiles::Outcome ContainerFiles::read(base::Instant now, bool cold_due, model::Reading& reading,
                                             std::optional<base::Instant> still_since) {
  const bool cold = cold_due || now >= next_cold_;
  const bool warm = now >= next_warm_;
  FileSet due = kHot;
  if (!born_) born_ = now;
  if (warm) {
    due |= kWarm;
    // A runtime makes the cgroup before the processes. One that ends soon, and is removed before its last reading,
    // would else be shown with the peaks of its birth: 0.
    if (now - *born_ < kColdEvery) due |= kColdFinals;
    next_warm_ = now + kWarmEvery;
  }
  const FileSet still = unmoved(reading, still_since);
  if (still.any() && !gone_) reading.at = now;
  if (cold) {
    due |= kCold;
    next_cold_ = now + kColdEvery - std::exchange(cold_phase_, 0);
  } else {
    due &= ~absent_ & ~unchanged() & ~still;
  }
  finished_ = false;
  return read_files(due, now, reading).outcome;
}

ContainerFiles::Outcome ContainerFiles::finish(base::Instant now, model::Reading& reading) {
  const Pass pass = read_files(FileSet().set(), now, reading);
  if (!std::exchange(finished_, true)) {
    for (size_t i = 0; i < kFileCount; ++i) share_.counts.final_incomplete[i] += pass.missed[i] ? 1 : 0;
  }
  return pass.outcome;
}

/// But for the periods of a quota: the kernel counts one or two more when all threads have gone to sleep
/// (sched_cfs_period_timer, kernel/sched/fair.c).
FileSet ContainerFiles::unmoved(const model::Reading& reading, std::optional<base::Instant> still_since) const {
  FileSet files;
  const bool has_quota = reading.values.get(Field::CpuQuota).value_or(model::kUnlimited) != model::kUnlimited;
  if (!still_since || has_quota) return files;
  for (size_t i = 0; i < kThreadFiles.size(); ++i)
    files.set(static_cast<size_t>(kThreadFiles[i]), thread_files_read_[i] > *still_since);
  return files & present_;
}

FileSet ContainerFiles::unchanged() const {
  FileSet files;
  for (size_t i = 0; i < kStallFiles.size(); ++i) {
    files.set(static_cast<size_t>(kStallFiles[i]), stalls_read_[i] != 0 && stalls_read_[i] == share_.stalls[i]);
  }
  // Without an fd the kernel may forget the inode, and tells of no change any more (Tree::look_at_events).
  files.set(kEvents, share_.all_watched && kept_[kEvents]);
  return files & present_;
}

ContainerFiles::Pass ContainerFiles::read_files(FileSet due, base::Instant now, model::Reading& reading) {
  due &= share_.possible;
  Pass pass{.missed = due & present_};
  const FileSet absent_before = absent_;
  const Directory::Visit visit(directory_);
  gone_ = gone_ || visit.error() == ENOENT;
  forget_vanished(reading);
  for (uint64_t left = due.to_ullong(); left != 0 && !gone_;) {
    // The list of processes comes last: whether it must be asked of children too stands in cgroup.stat.
    const uint64_t others = left & ~(uint64_t{1} << kProcesses);
    const auto i = static_cast<size_t>(std::countr_zero(others != 0 ? others : left));
    left &= ~(uint64_t{1} << i);
    const int error = visit.error() != 0 ? visit.error()
                      : i == kProcesses  ? read_processes(reading)
                                         : read_text(i, reading);
    if (error != 0) {
      settle(i, error, reading);
      continue;
    }
    note_read(i, now);
    present_.set(i);
    absent_.reset(i);
    pass.missed.reset(i);
    reading.at = now;
  }
  // A file that was never seen may be missing for either reason; asked once for all of them.
  if (!gone_ && (absent_ & ~absent_before).any()) gone_ = !alive();
  if (gone_) {
    for (size_t i = 0; i < kFileCount; ++i) drop(i);
    pass.outcome = Outcome::Gone;
  }
  return pass;
}

/// Reads one file by its kept fd, or opens it, and keeps the fd if its heat asks for it and the budget has room.
int ContainerFiles::read_text(size_t i, model::Reading& reading) {
  const model::FileSpec& file = model::kFiles[i];
  base::Fd opened;
  int fd = kept_[i].get();
  if (fd < 0) {
    opened.reset(::openat(directory_.fd(), file.name.data(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!opened) return errno;
    fd = opened.get();
    if (file.heat != Heat::Cold && share_.fds.take()) kept_[i] = std::move(opened);
  }
  const base::FileText text = base::read_fd(fd, share_.buffer);
  if (!text.ok()) return text.error;
  ++share_.counts.reads[i];
  share_.counts.malformed[i] += store(file.file, text.text, io_, reading);
  return 0;
}

/// Of the files that are not read again while something says that they stand still: as of when they were.
void ContainerFiles::note_read(size_t i, base::Instant now) {
  const auto file = static_cast<File>(i);
  for (size_t at = 0; at < kStallFiles.size(); ++at)
    if (kStallFiles[at] == file) stalls_read_[at] = share_.stalls[at];
  for (size_t at = 0; at < kThreadFiles.size(); ++at)
    if (kThreadFiles[at] == file) thread_files_read_[at] = now;
}

int ContainerFiles::read_processes(model::Reading& reading) {
  const bool subtree = reading.values.get(Field::Descendants).value_or(1) > 0;
  const ProcessCount count = count_processes(directory_.fd(), subtree, share_.buffer);
  if (count.error != 0) return count.error;
  ++share_.counts.reads[kProcesses];
  reading.values.set(Field::Processes, count.processes);
  return 0;
}

/// Decides what a failed read means. A removed cgroup and a file that its controller took away look the same (ENOENT,
/// or ENODEV on a kept fd) until another file is asked for.
void ContainerFiles::settle(size_t i, int error, model::Reading& reading) {
  drop(i);
  if (present_[i] && !alive()) {
    gone_ = true;
    return;
  }
  absent_[i] = error == ENOENT || error == ENODEV || error == EOPNOTSUPP;
  if (!absent_[i]) {
    ++share_.counts.errors[i];
    reading.values.clear(fields_of_file[i]);
  } else if (present_[i]) {
    vanished_.set(i);
  }
  present_.reset(i);
}

/// rmdir takes the controllers' files away one by one before the directory goes (kill_css), and the last reading often
/// falls just there. So values outlive their file until the next reading, which knows.
void ContainerFiles::forget_vanished(model::Reading& reading) {
  if (vanished_.none()) return;
  gone_ = gone_ || !alive();
  for (size_t i = 0; i < kFileCount && !gone_; ++i) {
    if (vanished_[i]) reading.values.clear(fields_of_file[i]);
  }
  vanished_.reset();
}

/// Every cgroup has this file for as long as it lives.
bool ContainerFiles::alive() const {
  return ::faccessat(directory_.fd(), "cgroup.controllers", F_OK, 0) == 0 || errno != ENOENT;
}

void ContainerFiles::drop(size_t i) {
  if (!kept_[i]) return;
  kept_[i].reset();
  share_.fds.give_back();
}

}  // namespace benchd::cgroup
