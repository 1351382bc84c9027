#include "collectors/kernel/kernel_collector.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <unistd.h>

#include "collectors/kernel/unavailable.h"

namespace benchd::kernel {
namespace {

using base::KernelHandle;
using base::Result;

/// A walk holds the kernel's cgroup_mutex, which whoever makes a cgroup waits for: about 20 ns a value. More than this
/// in one go (0.3 ms), and each container is walked alone.
constexpr size_t kMaxValuesInOneWalk = 16'384;
/// A walk passes every cgroup of the machine, and a walk of one container costs as much as passing so many.
constexpr size_t kCgroupsPassedAsOneWalk = 60;
/// Records taken from the map of cgroups by one system call.
constexpr uint32_t kBatch = 1024;
constexpr base::Instant kCalibrateEvery = base::kSecond;
/// How often leftovers of lost notices are looked for, and cgroups that found no room.
constexpr base::Instant kReconcileEvery = 30 * base::kSecond;
/// A task is freed a few RCU grace periods after its end.
constexpr base::Instant kFreedAfter = 10 * base::kSecond;

size_t row_bytes(const base::KernelHandles& handles) {
  return sizeof(cpu_row) + handles.cpus * sizeof(uint64_t);
}

/// Runs the iterator behind a link once; it answers through maps.
bool run(int link) {
  const base::Fd iterator(bpf_iter_create(link));
  if (!iterator) return false;
  char nothing[64];
  ssize_t got = 0;
  while ((got = ::read(iterator.get(), nothing, sizeof nothing)) > 0) {
  }
  return got == 0;
}

}  // namespace

void KernelCollector::DestroyRing::operator()(ring_buffer* ring) const {
  ring_buffer__free(ring);
}

KernelCollector::KernelCollector(base::KernelHandles handles, const base::CpuSet& online)
    : handles_(std::move(handles)), online_(online), knows_threads_(sees_all_threads()) {
  removed_record_.resize(sizeof(removed_cgroup) / sizeof(uint64_t) + handles_.cpus);
  late_record_.resize(sizeof(late_cgroup) / sizeof(uint64_t) + handles_.cpus);
  batch_keys_.resize(kBatch);
  batch_.resize(kBatch);
  by_cpu_.resize(handles_.cpus);
}

KernelCollector::~KernelCollector() = default;

Result<std::unique_ptr<KernelCollector>> KernelCollector::make(base::KernelHandles handles,
                                                               const base::CpuSet& online) {
  std::unique_ptr<KernelCollector> collector(new KernelCollector(std::move(handles), online));
  if (auto opened = collector->open(); !opened) return opened.error();
  return collector;
}

Result<base::Done> KernelCollector::open() {
  const size_t bytes = handles_.rows * row_bytes(handles_);
  if (!rows_.open(handles_.get(KernelHandle::CpuRows), bytes, PROT_READ | PROT_WRITE) ||
      !status_.open(handles_.get(KernelHandle::Status), sizeof(program_status), PROT_READ | PROT_WRITE))
    return base::errno_error("map the memory of the kernel programs");
  ring_.reset(ring_buffer__new(handles_.get(KernelHandle::Notices), on_notice, this, nullptr));
  if (!ring_) return base::errno_error("map the ring of the kernel programs");
  return base::Done{};
}

int KernelCollector::fd() const {
  return ring_buffer__epoll_fd(ring_.get());
}

cpu_row& KernelCollector::row(uint32_t index) const {
  return *reinterpret_cast<cpu_row*>(rows_.at(index * row_bytes(handles_)));
}

std::optional<uint32_t> KernelCollector::take_row(uint64_t id) {
  for (uint32_t tried = 0; tried < BENCHD_ROW_TRIES; ++tried) {
    const uint32_t index = benchd_row(id, tried, handles_.rows);
    if (row(index).id != 0) continue;
    std::memset(&row(index), 0, row_bytes(handles_));
    row(index).id = id;
    return index;
  }
  return std::nullopt;
}

program_status& KernelCollector::program() const {
  return *reinterpret_cast<program_status*>(status_.at(0));
}

/// The kernel stamps waits for a cpu and the clocks of its run queues by sched_clock(), which programs cannot ask; but
/// the clock of a cpu that this thread has just got is of now. The two drift by less than 0.1 ms a second.
void KernelCollector::calibrate() {
  const base::Instant now = base::now();
  if (now < next_calibration_) return;
  next_calibration_ = now + kCalibrateEvery;
  program().calibrate = 1;
  ::usleep(1);
}

void KernelCollector::dispatch(RemovalListener& listener) {
  listener_ = &listener;
  ring_buffer__consume(ring_.get());
  const base::Instant now = base::now();
  if (program().notices_lost != counts_.notices_lost || now >= next_reconciliation_) {
    reconcile();
    next_reconciliation_ = now + kReconcileEvery;
  }
  forget_removed(now);
  listener_ = nullptr;
  counts_.notices_lost = program().notices_lost;
  counts_.finals_lost = program().removed_lost;
  counts_.threads_lost = program().threads_lost + program().cgroups_lost;
}

void KernelCollector::started(uint64_t id, int directory, ShownBefore before) {
  if (containers_.contains(id)) return;
  sums_.track(id);
  containers_.emplace(id,
                      Container{.row = take_row(id), .before = std::move(before), .lost = {}, .directory = directory});
}

void KernelCollector::ended(uint64_t id) {
  const auto found = containers_.find(id);
  if (found == containers_.end()) return;
  if (found->second.row) row(*found->second.row).id = 0;
  sums_.untrack(id);
  containers_.erase(found);
}

void KernelCollector::look_at_threads() {
  const base::Instant begin = base::now();
  calibrate();
  well_ = true;
  if (!containers_.empty()) {
    if (begin >= next_search_) {
      well_ = run(handles_.get(KernelHandle::CgroupSearch));
      next_search_ = begin + kReconcileEvery;
    }
    well_ = run(handles_.get(KernelHandle::ThreadWalk)) && well_;
    well_ = read_thread_sums() && well_;
  }
  const uint64_t unseen = program().threads_lost + program().cgroups_lost;
  const bool lost_some = unseen != std::exchange(unseen_, unseen);
  look_who_sleeps(well_ && !lost_some && knows_threads_);
  health_.duration_seconds = static_cast<double>(base::now() - begin) / base::kSecond;
}

void KernelCollector::look_who_sleeps(bool all_seen) {
  const base::Instant now = base::now();
  for (auto& [id, container] : containers_) {
    const SubtreeSums::Subtree& subtree = sums_.subtree(id);
    thread_times did = subtree.threads;
    did.alive = 0;  // goes on in sleep
    Wakefulness& awake = container.awake;
    if (!all_seen || subtree.awake || did != awake.did || subtree.moves != awake.moves || awake.at == 0) awake.at = now;
    awake.did = did;
    awake.moves = subtree.moves;
  }
}

std::optional<base::Instant> KernelCollector::last_awake(uint64_t id) const {
  const auto found = containers_.find(id);
  if (found == containers_.end() || found->second.awake.at == 0) return std::nullopt;
  return found->second.awake.at;
}

void KernelCollector::look_at_cpus() {
  const base::Instant begin = base::now();
  health_.success = (containers_.empty() || walk_cgroups()) && well_;
  health_.duration_seconds += static_cast<double>(base::now() - begin) / base::kSecond;
}

void KernelCollector::read(uint64_t id, model::Reading& reading) {
  const auto found = containers_.find(id);
  if (found == containers_.end()) return;
  Container& container = found->second;
  const SubtreeSums::Subtree& subtree = sums_.subtree(id);
  if (knows_threads_) {
    show(subtree.threads, container.before.threads, handles_.knows_disk_waits, reading.threads);
    reading.threads->alive = subtree.alive_threads;
    reading.threads_estimated = false;
  }
  // A cgroup that was removed before the walk came to it is in its final, and lacks nothing.
  if (!container.row || row(*container.row).walk == container.walk) return;
  container.walk = row(*container.row).walk;
  std::memcpy(by_cpu_.data(), &row(*container.row) + 1, by_cpu_.size() * sizeof(uint64_t));
  if (!handles_.sums_subtrees) {
    for (size_t cpu = 0; cpu < subtree.removed.by_cpu.size(); ++cpu) by_cpu_[cpu] += subtree.removed.by_cpu[cpu];
    go_on(std::exchange(container.before.cpus, {}), container.lost, by_cpu_);
  }
  const bool has_cpuset = reading.values.has(model::Field::CpusEffective);
  show(by_cpu_, has_cpuset ? reading.cpus_effective : online_, reading.cpus);
  show_unattributed(reading);
}

int KernelCollector::on_notice(void* self, void* data, size_t size) {
  removal_notice notice{};
  std::memcpy(&notice, data, std::min(size, sizeof notice));
  auto& collector = *static_cast<KernelCollector*>(self);
  if (notice.late != 0)
    collector.take_late({.id = notice.id, .cpu = notice.cpu});
  else
    collector.take_removed(notice.id);
  return 0;
}

thread_times KernelCollector::take_threads(uint64_t id) const {
  thread_sums sums{};
  bpf_map_lookup_and_delete_elem(handles_.get(KernelHandle::Cgroups), &id, &sums);
  return sums.times;
}

CpuTotals KernelCollector::own_time(const struct own_time& record) const {
  const auto* const by_cpu = reinterpret_cast<const uint64_t*>(&record + 1);
  return {.by_cpu = {by_cpu, by_cpu + handles_.cpus}, .user = record.user, .system = record.system};
}

/// Takes what the programs kept of a removed cgroup, and tells it.
void KernelCollector::take_removed(uint64_t id) {
  auto* const record = reinterpret_cast<removed_cgroup*>(removed_record_.data());
  // Not there: was told by reconcile().
  if (bpf_map_lookup_and_delete_elem(handles_.get(KernelHandle::Removed), &id, record) != 0) return;
  SubtreeSums::Totals own{.cpu = own_time(record->time), .threads = take_threads(id)};
  CpuTotals own_cpu = own.cpu;
  // Notices that were lost are found in any order: where the parent was told already it has to be told again.
  const bool parent_told = removed_.contains(record->parent);
  SubtreeSums::Totals all = sums_.removed(id, parent_told ? 0 : record->parent, std::move(own));
  if (parent_told) add_above(record->parent, all);

  Final final{.at = static_cast<base::Instant>(record->at), .cpu = std::move(all.cpu), .threads = all.threads};
  final.knows_threads = knows_threads_;
  final.knows_disk_waits = handles_.knows_disk_waits;
  if (const auto known = containers_.find(id); known != containers_.end()) {
    final.threads_before = known->second.before.threads;
    final.cpu += {.by_cpu = known->second.lost};
  }
  if (record->has_memory != 0) {
    final.memory_peak = record->memory_peak_pages * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
    std::copy(std::begin(record->memory_events), std::end(record->memory_events), final.memory_events.begin());
    std::copy(std::begin(record->memory_events_local), std::end(record->memory_events_local),
              final.memory_events_local.begin());
  }
  ++counts_.removed;
  const size_t length = record->path_bytes > 0 ? record->path_bytes - 1 : 0;
  const bool whole = length + 1 < sizeof record->path;
  listener_->cgroup_removed(id, whole ? std::string_view(record->path, length) : std::string_view(), final);
  removed_.try_emplace(id, Removed{.parent = record->parent, .own = std::move(own_cpu), .final = std::move(final)});
}

/// Takes what was charged after the removal; false: there is none.
bool KernelCollector::take_late(const late_key& key) {
  auto* const record = reinterpret_cast<late_cgroup*>(late_record_.data());
  if (bpf_map_lookup_and_delete_elem(handles_.get(KernelHandle::Late), &key, record) != 0) return false;
  if (!removed_.contains(key.id)) take_removed(key.id);  // whose notice was lost
  const thread_times threads = take_threads(key.id);
  if (const auto known = removed_.find(key.id); known != removed_.end())
    add_late(key.id, known->second, {.cpu = own_time(record->time), .threads = threads});
  else if (sums_.knows(record->parent))  // removed a while ago, and forgotten since
    sums_.removed(key.id, record->parent, {.threads = threads});
  return true;
}

/// Adds it to the cgroup and to those above it.
void KernelCollector::add_late(uint64_t id, Removed& removed, const SubtreeSums::Totals& own) {
  const SubtreeSums::Totals late{.cpu = own.cpu - removed.own, .threads = own.threads};
  removed.own += late.cpu;
  add_above(id, late);
}

/// Tells those that are removed again, from `id` upwards, and adds it to the first that is not.
void KernelCollector::add_above(uint64_t id, const SubtreeSums::Totals& more) {
  uint64_t at = id;
  for (auto known = removed_.find(at); known != removed_.end(); known = removed_.find(at)) {
    known->second.final.cpu += more.cpu;
    known->second.final.threads += more.threads;
    listener_->cgroup_removed(at, {}, known->second.final);
    at = known->second.parent;
  }
  sums_.removed(id, at, more);
}

void KernelCollector::forget_removed(base::Instant now) {
  if (now < next_forgetting_) return;
  next_forgetting_ = now + base::kSecond;
  std::erase_if(removed_, [&](const auto& it) { return it.second.final.at < now - kFreedAfter; });
}

/// Finds the removed cgroups whose notice was lost, the earliest first.
void KernelCollector::reconcile() {
  const int removed = handles_.get(KernelHandle::Removed);
  std::vector<std::pair<uint64_t, uint64_t>> found;  // at, id
  uint64_t id = 0;
  for (int more = bpf_map_get_next_key(removed, nullptr, &id); more == 0;
       more = bpf_map_get_next_key(removed, &id, &id)) {
    const auto* const record = reinterpret_cast<const removed_cgroup*>(removed_record_.data());
    if (bpf_map_lookup_elem(removed, &id, removed_record_.data()) == 0) found.emplace_back(record->at, id);
  }
  std::sort(found.begin(), found.end());
  for (const auto& [at, lost] : found) take_removed(lost);
  late_key key{};
  while (bpf_map_get_next_key(handles_.get(KernelHandle::Late), nullptr, &key) == 0 && take_late(key)) {
  }
}

bool KernelCollector::walk_cgroups() {
  const bool many = containers_.size() * handles_.cpus > kMaxValuesInOneWalk;
  const bool lost_in_others = containers_.size() * kCgroupsPassedAsOneWalk < counts_.cgroups;
  if (!many && !lost_in_others) return run(handles_.get(KernelHandle::CgroupWalk));
  bool well = true;
  for (const auto& [id, container] : containers_) {
    program().only = id;
    well = walk_one(container.directory) && well;
  }
  program().only = 0;
  return well;
}

bool KernelCollector::walk_one(int directory) const {
  bpf_iter_link_info target{};
  target.cgroup.cgroup_fd = static_cast<uint32_t>(directory);
  target.cgroup.order = handles_.sums_subtrees ? BPF_CGROUP_ITER_SELF_ONLY : BPF_CGROUP_ITER_DESCENDANTS_PRE;
  bpf_link_create_opts options{};
  options.sz = sizeof options;
  options.iter_info = &target;
  options.iter_info_len = sizeof target;
  const base::Fd link(bpf_link_create(handles_.get(KernelHandle::CgroupProgram), 0, BPF_TRACE_ITER, &options));
  // A cgroup that has just been removed cannot be walked any more, and needs not.
  return !link ? errno == ENODEV || errno == ENOENT || errno == EBADF : run(link.get());
}

bool KernelCollector::read_thread_sums() {
  const int map = handles_.get(KernelHandle::Cgroups);
  const uint64_t walk = program().thread_walk;
  uint64_t position = 0;  // opaque to us
  for (bool first = true;; first = false) {
    uint32_t count = kBatch;
    const int error = bpf_map_lookup_batch(map, first ? nullptr : &position, &position, batch_keys_.data(),
                                           batch_.data(), &count, nullptr);
    if (error != 0 && errno != ENOENT) return false;
    for (uint32_t i = 0; i < count; ++i) sums_.live(batch_keys_[i], batch_[i], walk);
    if (error != 0) break;
  }
  sums_.add_up();
  counts_.cgroups = sums_.cgroups();
  return true;
}

}  // namespace benchd::kernel
