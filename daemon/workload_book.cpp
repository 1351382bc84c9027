#include "daemon/workload_book.h"

#include <algorithm>
#include <cerrno>

#include "analysis/charge.h"
#include "analysis/workload.h"

namespace benchd::daemon {
namespace {

using base::Error;
using base::kSecond;
using base::Result;
using model::RunState;

/// How long a log may be found after its container was forgotten: longer than the tasks' thread looks for it.
constexpr int64_t kPastWait = 120 * kSecond;
/// How long a workload's 0 is shown while it waits for a scrape, and how long ago a scrape may be for another to be
/// expected: two of the usual longest interval.
constexpr int64_t kScrapeWait = 120 * kSecond;
/// With nine series each, what one scrape can bear.
constexpr size_t kMaxWorkloads = 1'000;
/// How long sleeping threads were blocked is written so often: what it can have become since is known anyway.
constexpr int64_t kSleepUnwritten = 10 * kSecond;
/// An idle container's mark is written so often nevertheless, and one that was not for a day is forgotten at the start:
/// its container is gone, or no cgroup that counts as a container any more.
constexpr int64_t kRewriteMark = 3'600 * kSecond;
constexpr int64_t kKeepMark = 86'400 * kSecond;

}  // namespace

model::State no_ledger(const Error& error, const std::string& path) {
  return {.subject = "ledger",
          .found = error.message(),
          .cost = "no workload counters",
          .cure = ledger::cure_of(error, path)};
}

WorkloadBook::WorkloadBook(Setup setup, ledger::Ledger ledger) : setup_(std::move(setup)), ledger_(std::move(ledger)) {}

Result<WorkloadBook> WorkloadBook::open(Setup setup, base::Instant now) {
  if (setup.boot_id.empty()) return Error{.attempt = "the kernel does not tell its boot id"};
  Result<ledger::Ledger> ledger = ledger::Ledger::open(setup.path, setup.duration_bounds);
  if (!ledger.ok()) return ledger.error();
  Result<ledger::Contents> contents = ledger->load(setup.boot_id, now - kKeepMark);
  if (!contents.ok()) return contents.error();
  for (size_t i = 0; i < contents->workloads.size(); ++i) {
    if (contents->workloads[i].number != static_cast<int64_t>(i) + 1)
      return Error{.code = EUCLEAN, .attempt = setup.path + ": the numbers of workloads have a gap"};
  }
  for (const model::Mark& mark : contents->marks) {
    if (mark.workload < 0 || mark.workload > static_cast<int64_t>(contents->workloads.size()))
      return Error{.code = EUCLEAN, .attempt = setup.path + ": a mark is of no workload"};
  }
  WorkloadBook book(std::move(setup), *std::move(ledger));
  book.take_over(*std::move(contents), now);
  return book;
}

void WorkloadBook::take_over(ledger::Contents contents, base::Instant now) {
  for (ledger::StoredWorkload& stored : contents.workloads) {
    numbers_[stored.workload] = stored.number;
    workloads_.push_back({.stored = std::move(stored), .history = {}});
  }
  std::unordered_map<uint64_t, int64_t> workload_of;
  for (const model::Mark& mark : contents.marks) workload_of[mark.cgroup_id] = mark.workload;
  tasks_.emplace(std::move(contents.tasks), workload_of);
  runs_.emplace(RunBook::Setup{.boot_id = setup_.boot_id,
                               .host = setup_.host,
                               .collects_io = setup_.collects_io,
                               .collects_tasks = setup_.collects_tasks},
                std::move(contents.open_runs));
  const int64_t unobserved = contents.committed_at.value_or(0) > 0 ? now - *contents.committed_at : 0;
  for (const model::Mark& mark : contents.marks) {
    entries_[mark.cgroup_id] = {.mark = mark, .container = {}, .waiting_since = {}, .written_at = mark.at};
    if (mark.run != RunState::Going || mark.workload == 0 || unobserved <= 0) continue;
    Workload& ran = workload(mark.workload);
    if (ran.dirty) continue;  // by another container of it: the time passed once
    ran.stored.totals.unobserved_ns += static_cast<uint64_t>(unobserved);
    touch(ran);
  }
  for (ledger::StoredCpus& cpus : contents.cpus) {
    if (const auto found = entries_.find(cpus.cgroup_id); found != entries_.end()) found->second.cpus = std::move(cpus);
  }
  for (const model::Workload& key : setup_.declared) {
    Workload& declared = workload_named(key);
    declared.declared = true;
    declared.held = false;
  }
}

std::optional<WorkloadBook::ThreadsBefore> WorkloadBook::threads_before(uint64_t cgroup_id, bool estimated,
                                                                        base::Instant now) const {
  const auto found = entries_.find(cgroup_id);
  if (found == entries_.end()) return std::nullopt;
  const model::Mark& mark = found->second.mark;
  const auto& threads = estimated ? mark.threads_estimated : mark.threads;
  const bool has_cpus = found->second.cpus.estimated == estimated && !found->second.cpus.cpus.empty();
  if (!threads && !has_cpus) return std::nullopt;
  // `at` is the later one's where there are both.
  const bool both = mark.threads && mark.threads_estimated;
  const int64_t unwritten = both ? kSleepUnwritten : std::clamp(now - mark.at, int64_t{0}, kSleepUnwritten);
  ThreadsBefore before;
  if (has_cpus) before.cpus = found->second.cpus.cpus;
  if (!threads) return before;
  before.counted = before.shown = *threads;
  before.shown.blocked += threads->alive * static_cast<uint64_t>(unwritten);
  return before;
}

WorkloadBook::Entry* WorkloadBook::find(uint64_t cgroup_id) {
  const auto found = entries_.find(cgroup_id);
  return found == entries_.end() ? nullptr : &found->second;
}

void WorkloadBook::touch(Entry& entry) {
  if (!std::exchange(entry.dirty, true)) dirty_entries_.push_back(&entry);
}

void WorkloadBook::touch(Workload& workload) {
  workload.dirty = true;
}

WorkloadBook::Workload& WorkloadBook::workload_named(const model::Workload& key) {
  if (const auto found = numbers_.find(key); found != numbers_.end()) return workload(found->second);
  const model::Workload unknown{.name = analysis::kUnknownWorkload};
  Workload* place = nullptr;
  if (workloads_.size() < kMaxWorkloads || key == unknown) {
    place = &workloads_.emplace_back();
    place->stored.number = static_cast<int64_t>(workloads_.size());
  } else {
    place = longest_unused();
    if (place == nullptr) {
      ++counts_.crowded_out;
      return workload_named(unknown);
    }
    ++counts_.forgotten;
    numbers_.erase(place->stored.workload);
    tasks_->workload_forgotten(place->stored.number);
    std::erase_if(past_, [&](const auto& past) { return past.second.workload == place->stored.number; });
  }
  *place = {.stored = {.number = place->stored.number, .workload = key, .totals = {}}, .held = true, .history = {}};
  numbers_[key] = place->stored.number;
  touch(*place);
  return *place;
}

/// Whose place may be taken; null if each has a container that is there, or waits to be charged or written.
WorkloadBook::Workload* WorkloadBook::longest_unused() {
  std::vector<bool> in_use(workloads_.size());
  for (const auto& [cgroup_id, entry] : entries_) {
    if (entry.mark.workload != 0) in_use[static_cast<size_t>(entry.mark.workload) - 1] = true;
  }
  Workload* longest = nullptr;
  for (size_t i = 0; i < workloads_.size(); ++i) {
    Workload& it = workloads_[i];
    if (in_use[i] || it.declared || it.stored.workload.name == analysis::kUnknownWorkload) continue;
    if (longest == nullptr || it.used < longest->used) longest = &it;
  }
  return longest;
}

void WorkloadBook::charge(Entry& entry, const model::WorkloadTotals& grown) {
  if (entry.mark.workload == 0 || grown == model::WorkloadTotals{}) return;
  Workload& its = workload(entry.mark.workload);
  analysis::add(its.stored.totals, grown);
  touch(its);
}

void WorkloadBook::name(Entry& entry, const model::Workload& key) {
  Workload& its = workload_named(key);
  entry.mark.workload = its.stored.number;
  its.used = ++uses_;
  const model::WorkloadTotals all = analysis::all_of(entry.mark);
  analysis::add(its.stored.totals, all);
  if (entry.was_there) analysis::add(its.history, all);
  tasks_->named(entry.mark.cgroup_id, entry.mark.workload, entry.was_there);
  entry.waiting_since.reset();
  touch(its);
  touch(entry);
  if (entry.over) over_.push_back(entry.mark.cgroup_id);
}

void WorkloadBook::try_to_name(Entry& entry, const model::Metadata* metadata) {
  if (entry.mark.workload != 0) return;
  const auto key = analysis::workload_of(*entry.container, metadata);
  if (!key) return;
  name(entry, *key);
  name_as(entry);
}

/// A container that its engine restarts is one to the engine, but one per start to the kernel: what could not be named
/// before it was replaced has the name of its successor.
void WorkloadBook::name_as(const Entry& named) {
  const model::PathMatch& match = named.container->match;
  for (const uint64_t cgroup_id : waiting_) {
    Entry* entry = find(cgroup_id);
    if (entry == nullptr || entry->mark.workload != 0 || entry->container == nullptr) continue;
    if (!match.runtime_id.empty() && entry->container->match == match)
      name(*entry, workload(named.mark.workload).stored.workload);
  }
}

void WorkloadBook::try_failure(Entry& entry, const model::Metadata* metadata) {
  if (metadata == nullptr) return;
  // In a cgroup that is used again, the exit code of the run before must not be this one's.
  if (entry.restarted_at > 0 && metadata->finished.value_or(0) < entry.restarted_at) return;
  const model::WorkloadTotals grown = analysis::charge_failure(entry.mark, *metadata);
  if (grown.failures == 0) return;
  charge(entry, grown);
  touch(entry);
}

WorkloadBook::Entry& WorkloadBook::entry_of(const model::ContainerSnapshot& container) {
  const uint64_t cgroup_id = container.container->cgroup_id;
  const auto [found, is_new] = entries_.try_emplace(cgroup_id);
  Entry& entry = found->second;
  if (entry.container != nullptr) return entry;
  entry.container = container.container;
  entry.mark.cgroup_id = cgroup_id;
  entry.was_there = is_new && !has_begun_;
  return entry;
}

void WorkloadBook::read(const model::ContainerSnapshot& container) {
  Entry& entry = entry_of(container);
  model::Mark next = entry.mark;
  const model::WorkloadTotals grown = analysis::charge(next, container.reading);
  if (container.ended && next.run == RunState::Going) next.run = RunState::Over;
  const int64_t idle_may_wait = next.threads || next.threads_estimated ? kSleepUnwritten : kRewriteMark;
  if (!analysis::only_slept(entry.mark, next) || next.at - entry.written_at >= idle_may_wait) {
    entry.mark = next;
    if (setup_.keeps_cpus) {
      entry.cpus.cgroup_id = next.cgroup_id;
      entry.cpus.estimated = container.reading.threads_estimated;
      entry.cpus.cpus = container.reading.cpus;
    }
    charge(entry, grown);
    touch(entry);
  }
  runs_->read(container, entry.mark, grown.runs > 0, entry.was_there, *tasks_);
  try_to_name(entry, container.metadata.get());
}

void WorkloadBook::ended(const model::ContainerSnapshot& container) {
  read(container);
  runs_->ended(container);
  Entry& entry = entry_of(container);
  try_failure(entry, container.metadata.get());
  if (entry.mark.workload != 0) return;
  entry.waiting_since = container.ended;
  waiting_.push_back(entry.mark.cgroup_id);
}

void WorkloadBook::restarted(const model::ContainerSnapshot& container, double wall) {
  Entry& entry = entry_of(container);
  const model::WorkloadTotals grown = analysis::charge_restart(entry.mark);
  charge(entry, grown);
  if (grown.runs > 0) runs_->read(container, entry.mark, true, false, *tasks_);
  entry.restarted_at = wall;
  entry.waiting_since.reset();
  touch(entry);
}

void WorkloadBook::told(const model::ContainerSnapshot& container) {
  Entry& entry = entry_of(container);
  try_to_name(entry, container.metadata.get());
  if (container.ended) try_failure(entry, container.metadata.get());
  runs_->told(container);
}

void WorkloadBook::take(const std::vector<TaskBatch>& batches) {
  for (const TaskBatch& batch : batches) {
    tasks_->take(batch);
    if (batch.cgroup_id == ledger::kHost || !tasks_->is_nameless(batch.cgroup_id)) continue;
    const Entry* entry = find(batch.cgroup_id);
    if (entry == nullptr) {
      name_tasks_of_past(batch.cgroup_id);
    } else if (entry->mark.workload != 0) {
      tasks_->named(batch.cgroup_id, entry->mark.workload, entry->was_there);
      if (entry->over) tasks_->container_forgotten(batch.cgroup_id);
    }
  }
}

/// Forgotten before its log told anything.
void WorkloadBook::name_tasks_of_past(uint64_t cgroup_id) {
  const auto past = past_.find(cgroup_id);
  if (past != past_.end()) {
    tasks_->named(cgroup_id, past->second.workload, past->second.was_there);
  } else {
    tasks_->named(cgroup_id, workload_named({.name = analysis::kUnknownWorkload}).stored.number, false);
  }
  tasks_->container_forgotten(cgroup_id);
}

void WorkloadBook::forgotten(uint64_t cgroup_id) {
  runs_->forgotten(cgroup_id, *tasks_);
  tasks_->container_forgotten(cgroup_id);
  Entry* entry = find(cgroup_id);
  if (entry == nullptr) return;
  entry->over = true;
  if (entry->mark.workload != 0) over_.push_back(cgroup_id);
}

/// What will not get a name any more goes to "unknown".
void WorkloadBook::settle(base::Instant now) {
  const model::Workload unknown{.name = analysis::kUnknownWorkload};
  std::erase_if(past_, [&](const auto& past) { return now - past.second.since >= kPastWait; });
  std::erase_if(waiting_, [&](uint64_t cgroup_id) {
    Entry* entry = find(cgroup_id);
    if (entry == nullptr || !entry->waiting_since) return true;
    if (now - *entry->waiting_since < kNameWait) return false;
    name(*entry, unknown);
    return true;
  });
  if (has_begun_) return;
  // The first reading is done: what an earlier process marked and this one did not find ended in between.
  for (auto& [cgroup_id, entry] : entries_) {
    if (entry.container != nullptr) continue;
    if (entry.mark.workload == 0) name(entry, unknown);
    if (entry.mark.run == RunState::Going) {
      entry.mark.run = RunState::Over;
      touch(entry);
    }
  }
  runs_->first_reading_done(now, [this](uint64_t cgroup_id) {
    const Entry* entry = find(cgroup_id);
    return entry == nullptr ? nullptr : &entry->mark;
  });
}

bool WorkloadBook::write(base::Instant now) {
  batch_.at = now;
  batch_.workloads.clear();
  batch_.marks.clear();
  batch_.cpus.clear();
  batch_.gone = over_;
  for (const Workload& it : workloads_) {
    if (it.dirty) batch_.workloads.push_back(&it.stored);
  }
  for (const Entry* entry : dirty_entries_) {
    if (entry->over && entry->mark.workload != 0) continue;
    batch_.marks.push_back(&entry->mark);
    if (setup_.keeps_cpus) batch_.cpus.push_back(&entry->cpus);
  }
  tasks_->fill(batch_.tasks);
  runs_->fill(batch_, now, *tasks_);
  const bool changed = !batch_.workloads.empty() || !batch_.marks.empty() || !batch_.gone.empty() ||
                       !batch_.tasks.empty() || !batch_.runs.empty() || !batch_.open_runs.empty() ||
                       !batch_.open_runs_gone.empty();
  // How long nobody observed is measured from here, where there is something to observe.
  const bool time_due = !entries_.empty() && now - committed_at_ >= kSecond;
  if (!changed && !time_due && has_begun_) {
    tasks_->committed(scrape_expected(now));
    return true;
  }

  const base::Instant start = base::now();
  const auto committed = ledger_.commit(batch_);
  counts_.commit_ns += base::now() - start;
  if (!committed.ok()) {
    ++counts_.errors;
    state_ = {.subject = "ledger",
              .found = committed.error().message(),
              .cost = "workload counters stand still; what they miss is added later, unless benchd ends before",
              .cure = ledger::cure_of(committed.error(), setup_.path)};
    return false;
  }
  ++counts_.commits;
  state_.reset();
  committed_at_ = now;
  for (Workload& it : workloads_) it.dirty = false;
  for (Entry* entry : dirty_entries_) {
    entry->dirty = false;
    entry->written_at = entry->mark.at;
  }
  dirty_entries_.clear();
  for (const uint64_t cgroup_id : over_) {
    const auto entry = entries_.extract(cgroup_id);
    if (entry.empty()) continue;
    past_[cgroup_id] = {.workload = entry.mapped().mark.workload, .was_there = entry.mapped().was_there, .since = now};
  }
  over_.clear();
  runs_->committed();
  tasks_->committed(scrape_expected(now));
  return true;
}

bool WorkloadBook::scrape_expected(base::Instant now) const {
  return scraped_at_ && now - *scraped_at_ < kScrapeWait;
}

void WorkloadBook::show(base::Instant now) {
  shown_.resize(workloads_.size());
  for (size_t i = 0; i < workloads_.size(); ++i) {
    Workload& it = workloads_[i];
    if (it.held && it.held_since == 0) {
      it.held_since = now;
    } else if (it.held) {
      it.held = !it.zero_scraped && scrape_expected(now) && now - it.held_since < kScrapeWait;
    }
    if (shown_[i].workload == nullptr || *shown_[i].workload != it.stored.workload)
      shown_[i].workload = std::make_shared<const model::Workload>(it.stored.workload);
    const model::WorkloadTotals& stored = it.stored.totals;
    shown_[i].totals = it.held ? it.history : stored;
    shown_[i].has_threads = setup_.collects_threads || stored.on_cpu_ns + stored.runnable_ns + stored.blocked_ns > 0;
    shown_[i].has_io = setup_.collects_io || stored.io_read_bytes + stored.io_written_bytes > 0;
    shown_[i].tasks = tasks_->shown_of_workload(it.stored.number);
  }
}

void WorkloadBook::commit(base::Instant now) {
  settle(now);
  if (write(now)) show(now);
  has_begun_ = true;
}

base::Result<base::Done> WorkloadBook::change_runs(
    const std::function<base::Result<base::Done>(ledger::RunTables&)>& change) {
  return ledger_.change_runs(change);
}

void WorkloadBook::scraped(base::Instant now) {
  scraped_at_ = now;
  for (size_t i = 0; i < shown_.size(); ++i) workloads_[i].zero_scraped = true;
  tasks_->scraped();
}

}  // namespace benchd::daemon
