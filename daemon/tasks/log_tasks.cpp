#include "daemon/tasks/log_tasks.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "analysis/task_sums.h"

namespace benchd::daemon {
namespace {

constexpr size_t kUnmatchedKept = 20;
constexpr size_t kUnmatchedLength = 500;
constexpr size_t kMostBegun = 10'000;
constexpr int64_t kLatest = base::kSecond;
constexpr int64_t kExact = 100;

}  // namespace

LogTasks::LogTasks(Setup setup, const Present& present, ContainerCosts* costs)
    : log_(std::move(setup.log)),
      cgroup_id_(setup.cgroup_id),
      rules_(std::move(setup.rules)),
      pairs_(rules_.rules()),
      tally_(rules_.rules(), setup.bounds),
      present_(present),
      costs_(costs),
      bounds_(std::move(setup.bounds)),
      threads_(setup.threads),
      lines_of_rules_(rules_.rules().size()) {
  tally_.restore(setup.keys);
  pairs_.restore(setup.open_pairs);
}

void LogTasks::line(const model::LogLine& line) {
  rules_.set_now(present_.now + present_.wall_offset);
  if (line.stamp) last_stamp_ = line.stamp;
  stamped_ = false;
  ++seen_.lines;
  const size_t end = 1;
  const bool flushed =
      line.stamp && flushes_.at(static_cast<size_t>(line.stream)).take(*line.stamp, line.text.size() + end);
  switch (rules_.match(line, *this)) {
    case rules::LineResult::Matched:
      ++counts_.matched;
      ++seen_.matched;
      if (stamped_) coarse_ = flushed;
      if (stamped_ && flushed) ++counts_.coarse;
      break;
    case rules::LineResult::Malformed:
      ++counts_.malformed;
      break;
    case rules::LineResult::Unmatched:
      ++counts_.unmatched;
      keep_unmatched(line.text);
      break;
  }
}

/// A line that a rule takes as the end of a pair tells a task as well.
void LogTasks::note_rule(uint32_t rule) {
  RuleLines& lines = lines_of_rules_[rule];
  if (std::exchange(lines.last, seen_.lines) != seen_.lines) ++lines.taken;
}

std::vector<uint64_t> LogTasks::take_lines_of_rules() {
  std::vector<uint64_t> taken;
  taken.reserve(lines_of_rules_.size());
  for (RuleLines& lines : lines_of_rules_) taken.push_back(std::exchange(lines.taken, 0));
  return taken;
}

void LogTasks::task(const model::TaskReport& report) {
  note_rule(report.rule);
  const model::TaskKey& key = tally_.add(report);
  had_tasks_ = true;
  note_stamp(report.ended);
  if (report.ended) {
    if (latest_ && *report.ended < *latest_) ++counts_.late;
    latest_ = std::max(latest_.value_or(*report.ended), *report.ended);
  }
  if (costs_ != nullptr) costs_->task(key, report, present_.wall_offset, own_cpu_);
}

/// The time that a line told is its own, unless it is the very stamp of the engine.
void LogTasks::note_stamp(std::optional<int64_t> told) {
  stamped_ = stamped_ || (told && told == last_stamp_);
}

void LogTasks::pair(const rules::PairEvent& event) {
  note_rule(event.rule);
  note_stamp(event.at);
  own_cpu_ = own_cpu(event);
  pairs_.take(event, *this);
  own_cpu_.reset();
}

/// What the thread used between the two lines, at the end of a task that names its thread, or a process of one thread.
/// Lines are read a little after they are written: told only where that is no more than a hundredth of the
/// task's time, and by the same thread.
std::optional<uint64_t> LogTasks::own_cpu(const rules::PairEvent& event) {
  if (threads_ == nullptr || !event.at || (!event.thread && !event.process)) return std::nullopt;
  const std::string key = std::to_string(event.rule) + ':' + std::string(event.id);
  const auto time = event.thread ? threads_->thread(*event.thread) : threads_->process(*event.process);
  const int64_t late_by = time ? std::abs(time->at + present_.wall_offset - *event.at) + time->behind : 0;
  if (event.start) {
    if (begun_.size() >= kMostBegun) begun_.clear();
    begun_.erase(key);
    if (time && late_by <= kLatest) begun_[key] = {.time = *time, .told_at = *event.at, .late_by = late_by};
    return std::nullopt;
  }
  const auto begun = begun_.extract(key);
  if (begun.empty() || !time) return std::nullopt;
  const Begun& it = begun.mapped();
  const bool is_same = it.time.tid == time->tid && it.time.started == time->started;
  if (!is_same || std::max(it.late_by, late_by) * kExact > *event.at - it.told_at) return std::nullopt;
  return time->cpu_ns - it.time.cpu_ns;
}

void LogTasks::keep_unmatched(std::string_view text) {
  if (unmatched_.size() < kUnmatchedKept) unmatched_.emplace_back();
  unmatched_[next_unmatched_].assign(text.substr(0, kUnmatchedLength));
  next_unmatched_ = (next_unmatched_ + 1) % kUnmatchedKept;
  new_unmatched_ = true;
}

std::optional<model::UnmatchedLines> LogTasks::take_unmatched() {
  if (!std::exchange(new_unmatched_, false)) return std::nullopt;
  std::vector<std::string> lines = unmatched_;
  if (lines.size() == kUnmatchedKept) {
    std::rotate(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(next_unmatched_), lines.end());
  }
  return model::UnmatchedLines{.cgroup_id = cgroup_id_, .log = log_, .lines = std::move(lines)};
}

void LogTasks::take_tally(TaskBatch& batch) {
  tally_.take([&](const model::TaskKey& key, const model::TaskTotals& totals) {
    const auto same = std::find_if(batch.tasks.begin(), batch.tasks.end(),
                                   [&](const model::TaskFigures& figures) { return figures.key == key; });
    if (same == batch.tasks.end()) {
      batch.tasks.push_back({.key = key, .totals = totals});
    } else {
      analysis::add(same->totals, totals);
    }
  });
}

TaskBatch LogTasks::reached(const logs::Reached& reached) {
  TaskBatch batch{.position = reached.position, .cgroup_id = cgroup_id_};
  position_ = reached.position;
  batch.counts = std::exchange(counts_, {});
  batch.counts.overflowed = tally_.take_overflowed();
  batch.counts.unpaired = pairs_.take_unpaired();
  analysis::add(batch.counts, reached.counts);
  take_tally(batch);
  rules::PairChanges changes = pairs_.take_changes();
  batch.opened = std::move(changes.opened);
  batch.closed = std::move(changes.closed);
  batch.last_stamp = last_stamp_;
  return batch;
}

TaskBatch LogTasks::born(model::LogPosition position) const {
  TaskBatch batch{.position = std::move(position), .cgroup_id = cgroup_id_};
  for (const rules::Rule& rule : rules_.rules()) {
    batch.tasks.push_back({.key = {.task = rules::label_text(rule.name), .outcome = rules::label_text(rule.outcome)},
                           .totals = {.buckets = std::vector<uint64_t>(bounds_.size() + 1), .cost = {}}});
  }
  return batch;
}

TaskBatch LogTasks::ended() {
  pairs_.close();
  return reached({.position = position_, .counts = {}});
}

std::optional<base::Instant> LogTasks::held() const {
  const std::optional<int64_t> oldest = pairs_.oldest_start();
  if (!oldest) return std::nullopt;
  return *oldest - present_.wall_offset;
}

}  // namespace benchd::daemon
