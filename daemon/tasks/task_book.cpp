#include "daemon/tasks/task_book.h"

#include <algorithm>

#include "analysis/task_sums.h"

namespace benchd::daemon {
namespace {

using ledger::StoredTasks;
using model::TaskFigures;
using model::TaskTotals;
using model::Usage;

}  // namespace

TaskBook::TaskBook(ledger::TaskContents contents, const std::unordered_map<uint64_t, int64_t>& workload_of)
    : left_pairs_(std::move(contents.open_pairs)) {
  for (StoredTasks& stored : contents.tasks) {
    const model::TaskKey key = stored.figures.key;
    if (stored.owner == StoredTasks::Owner::Workload) {
      Workload& workload = workloads_[static_cast<int64_t>(stored.number)];
      workload.changed = true;
      workload.rows[key].stored = std::move(stored);
    } else {
      Row& row = holder(stored.number).rows[key];
      row.stored = std::move(stored);
    }
  }
  for (const ledger::StoredResidual& stored : contents.residuals) holder(stored.cgroup_id).residual = stored;
  for (ledger::StoredLog& stored : contents.logs) {
    // Of an earlier boot: the log may be the same, the container is another one. Who reads the log will say which.
    if (const auto found = holders_.find(stored.cgroup_id); found != holders_.end())
      found->second.logs.push_back(stored.position.log);
    const std::string log = stored.position.log;
    logs_[log] = {.stored = std::move(stored), .lag_bytes = {}, .last_stamp = {}};
  }
  for (auto& [cgroup_id, holder] : holders_) {
    if (const auto found = workload_of.find(cgroup_id); found != workload_of.end()) holder.workload = found->second;
  }
  committed(false);  // it was
}

TaskBook::Holder& TaskBook::holder(uint64_t cgroup_id) {
  Holder& holder = holders_[cgroup_id];
  holder.residual.cgroup_id = cgroup_id;
  holder.changed = true;
  return holder;
}

void TaskBook::take(const TaskBatch& batch) {
  Holder& its = holder(batch.cgroup_id);
  const std::string& name = batch.position.log;
  Log& log = logs_[name];
  if (log.stored.cgroup_id != batch.cgroup_id || log.stored.position.log.empty()) {
    // An engine's restart: the same log goes on, the container is another one.
    if (const auto before = holders_.find(log.stored.cgroup_id); before != holders_.end())
      std::erase(before->second.logs, name);
    log.stored.cgroup_id = batch.cgroup_id;
  }
  if (std::find(its.logs.begin(), its.logs.end(), name) == its.logs.end()) its.logs.push_back(name);
  log.stored.position = batch.position;
  analysis::add(log.stored.counts, batch.counts);
  log.lag_bytes = batch.lag_bytes;
  log.last_stamp = batch.last_stamp;
  log.dirty = true;
  for (const model::OpenPair& pair : batch.opened) pairs_.push_back({.log = name, .pair = pair, .closed = false});
  for (const model::OpenPair& pair : batch.closed) pairs_.push_back({.log = name, .pair = pair, .closed = true});
  for (const TaskFigures& figures : batch.tasks) {
    if (!its.forgotten || its.workload == 0) put(its.rows, StoredTasks::Owner::Container, batch.cgroup_id, figures);
    charge(its, figures);
  }
  if (batch.residual != Usage{}) {
    analysis::add(its.residual.used, batch.residual);
    its.residual_dirty = true;
  }
  log.ended = batch.ended;
  log.gone = batch.gone;
  if (batch.gone) logs_gone_.push_back(name);
}

TaskBook::Row& TaskBook::put(Rows& rows, StoredTasks::Owner owner, uint64_t number, const TaskFigures& figures) {
  Row& row = rows[figures.key];
  row.stored.owner = owner;
  row.stored.number = number;
  row.stored.figures.key = figures.key;
  analysis::add(row.stored.figures.totals, figures.totals);
  row.dirty = true;
  return row;
}

void TaskBook::charge(const Holder& holder, const TaskFigures& figures) {
  if (holder.workload == 0) return;
  Workload& its = workloads_[holder.workload];
  const bool is_new = !its.rows.contains(figures.key);
  Row& row = put(its.rows, StoredTasks::Owner::Workload, static_cast<uint64_t>(holder.workload), figures);
  // Those are what a run is judged by.
  row.stored.figures.totals.durations.clear();
  row.held = is_new ? !holder.was_there : row.held;
  its.changed = true;
}

void TaskBook::named(uint64_t cgroup_id, int64_t workload, bool was_there) {
  const auto found = holders_.find(cgroup_id);
  if (found == holders_.end()) return;
  Holder& its = found->second;
  its.workload = workload;
  its.was_there = was_there;
  for (const auto& [key, row] : its.rows) charge(its, row.stored.figures);
  if (its.forgotten) empty(its);
}

bool TaskBook::is_nameless(uint64_t cgroup_id) const {
  const auto found = holders_.find(cgroup_id);
  return found != holders_.end() && found->second.workload == 0;
}

void TaskBook::workload_forgotten(int64_t number) {
  workloads_.erase(number);
  workloads_gone_.push_back(number);
  for (auto& [cgroup_id, holder] : holders_) {
    if (holder.workload == number) holder.workload = 0;
  }
}

void TaskBook::container_forgotten(uint64_t cgroup_id) {
  const auto found = holders_.find(cgroup_id);
  if (found == holders_.end()) return;
  found->second.forgotten = true;
  if (found->second.workload != 0) empty(found->second);
}

/// All of it is in its workload's.
void TaskBook::empty(Holder& holder) {
  holder.rows.clear();
  containers_gone_.push_back(holder.residual.cgroup_id);
}

void TaskBook::fill(ledger::TaskRows& rows) {
  rows = {};
  for (const auto& [name, log] : logs_) {
    if (log.dirty) rows.logs.push_back(&log.stored);
  }
  for (const auto& [cgroup_id, holder] : holders_) {
    for (const auto& [key, row] : holder.rows)
      if (row.dirty) rows.tasks.push_back(&row.stored);
    if (holder.residual_dirty && !holder.forgotten) rows.residuals.push_back(&holder.residual);
  }
  for (const auto& [number, workload] : workloads_) {
    for (const auto& [key, row] : workload.rows)
      if (row.dirty) rows.tasks.push_back(&row.stored);
  }
  for (const ledger::PairChange& pair : pairs_) rows.pairs.push_back(&pair);
  rows.logs_gone = logs_gone_;
  rows.containers_gone = containers_gone_;
  rows.workloads_gone = workloads_gone_;
}

void TaskBook::show(Holder& holder) const {
  auto shown = std::make_shared<model::ContainerTasks>();
  for (const auto& [key, row] : holder.rows) shown->tasks.push_back(row.stored.figures);
  shown->residual = holder.residual.used;
  for (const std::string& name : holder.logs) {
    const Log& log = logs_.at(name);
    shown->logs.push_back(
        {.log = name, .counts = log.stored.counts, .lag_bytes = log.lag_bytes, .last_stamp = log.last_stamp});
  }
  holder.shown = std::move(shown);
}

void TaskBook::show(Workload& workload, bool scrape_expected) {
  auto shown = std::make_shared<std::vector<TaskFigures>>();
  workload.shows_held = false;
  for (auto& [key, row] : workload.rows) {
    row.held = row.held && scrape_expected;
    workload.shows_held = workload.shows_held || row.held;
    shown->push_back(row.stored.figures);
    if (!row.held) continue;
    TaskTotals& totals = shown->back().totals;
    totals = {.buckets = std::vector<uint64_t>(totals.buckets.size()), .cost = {}};
  }
  workload.shown = std::move(shown);
}

void TaskBook::scraped() {
  for (auto& [number, workload] : workloads_) {
    if (!workload.shows_held) continue;
    // Those that came since are not in what was scraped.
    for (const TaskFigures& figures : *workload.shown) workload.rows[figures.key].held = false;
    workload.changed = true;
  }
}

void TaskBook::committed(bool scrape_expected) {
  pairs_.clear();
  workloads_gone_.clear();
  for (auto& [name, log] : logs_) log.dirty = false;
  for (auto& [cgroup_id, holder] : holders_) {
    if (!std::exchange(holder.changed, false)) continue;
    for (auto& [key, row] : holder.rows) row.dirty = false;
    holder.residual_dirty = false;
    show(holder);
    changed_.push_back(cgroup_id);
  }
  for (auto& [number, workload] : workloads_) {
    if (!workload.changed && (!workload.shows_held || scrape_expected)) continue;
    workload.changed = false;
    for (auto& [key, row] : workload.rows) row.dirty = false;
    show(workload, scrape_expected);
  }
  forget();
}

/// What is of use to nobody any more; the ledger has been told.
void TaskBook::forget() {
  logs_gone_.clear();
  containers_gone_.clear();
  std::erase_if(holders_, [&](const auto& entry) {
    const Holder& holder = entry.second;
    if (!holder.forgotten || !holder.rows.empty()) return false;
    const auto is_gone = [&](const std::string& name) { return logs_.at(name).gone; };
    if (!std::all_of(holder.logs.begin(), holder.logs.end(), is_gone)) return false;
    for (const std::string& name : holder.logs) logs_.erase(name);
    return true;
  });
}

std::shared_ptr<const model::ContainerTasks> TaskBook::shown(uint64_t cgroup_id) const {
  const auto found = holders_.find(cgroup_id);
  return found == holders_.end() ? nullptr : found->second.shown;
}

std::shared_ptr<const std::vector<TaskFigures>> TaskBook::shown_of_workload(int64_t number) const {
  const auto found = workloads_.find(number);
  return found == workloads_.end() ? nullptr : found->second.shown;
}

std::vector<TaskFigures> TaskBook::counted(uint64_t cgroup_id) const {
  std::vector<TaskFigures> figures;
  if (const auto found = holders_.find(cgroup_id); found != holders_.end()) {
    for (const auto& [key, row] : found->second.rows) figures.push_back(row.stored.figures);
  }
  return figures;
}

bool TaskBook::is_read(uint64_t cgroup_id) const {
  const auto found = holders_.find(cgroup_id);
  if (found == holders_.end()) return true;
  return std::all_of(found->second.logs.begin(), found->second.logs.end(),
                     [&](const std::string& name) { return logs_.at(name).ended; });
}

std::map<std::string, TaskBook::Left> TaskBook::left() const {
  std::map<std::string, Left> left;
  for (const auto& [name, log] : logs_) {
    Left& its = left[name];
    its.place = log.stored.position.place;
    its.cgroup_id = log.stored.cgroup_id;
    if (const auto found = holders_.find(its.cgroup_id); found != holders_.end()) {
      for (const auto& [key, row] : found->second.rows) its.keys.push_back(key);
    }
  }
  for (const ledger::PairChange& open : left_pairs_) left[open.log].open_pairs.push_back(open.pair);
  return left;
}

}  // namespace benchd::daemon
