#include "daemon/tasks/task_history.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "daemon/ledger/task_tables.h"

namespace benchd::daemon {
namespace {

using analysis::TaskMark;

constexpr int64_t kPart = 16;  ///< of its age that a mark may be from the next

size_t number_of(const model::TaskKey& key, std::vector<model::TaskKey>& keys) {
  const auto found = std::find(keys.begin(), keys.end(), key);
  if (found != keys.end()) return static_cast<size_t>(found - keys.begin());
  keys.push_back(key);
  return keys.size() - 1;
}

TaskMark mark_of(const model::ContainerTasks& tasks, std::vector<model::TaskKey>& keys) {
  TaskMark mark{.residual = tasks.residual};
  for (const model::TaskFigures& it : tasks.tasks) {
    const size_t number = number_of(it.key, keys);
    mark.sums.resize(std::max(mark.sums.size(), number + 1));
    mark.sums[number] = {.tasks = it.totals.tasks,
                         .timed = it.totals.timed,
                         .duration_ns = it.totals.duration_ns,
                         .cost = it.totals.cost};
  }
  for (const model::LogFigures& it : tasks.logs) {
    mark.coarse += it.counts.coarse;
    mark.late += it.counts.late;
    mark.losses += it.counts.losses + it.counts.truncations + it.counts.lost_lines;
  }
  return mark;
}

}  // namespace

void TaskHistory::set_tick(int64_t interval) {
  const std::lock_guard lock(mutex_);
  tick_ = interval;
}

void TaskHistory::note(const model::Snapshot& snapshot) {
  const std::lock_guard lock(mutex_);
  for (const model::ContainerSnapshot& it : snapshot.containers)
    if (it.tasks != nullptr) note(it.container->cgroup_id, it.tasks, snapshot.taken);
  if (snapshot.host_tasks != nullptr) note(ledger::kHost, snapshot.host_tasks, snapshot.taken);
  std::erase_if(subjects_, [&](const auto& entry) { return entry.second.noted != snapshot.taken; });
}

void TaskHistory::note(uint64_t cgroup_id, const std::shared_ptr<const model::ContainerTasks>& tasks,
                       base::Instant now) {
  Subject& subject = subjects_[cgroup_id];
  subject.noted = now;
  std::deque<TaskMark>& marks = subject.marks;
  // A scrape asks for a reading of its own: no mark for each.
  if (!marks.empty() && now - marks.back().at < tick_ / 2) return;
  if (subject.seen == tasks) {
    marks.push_back(marks.back());
  } else {
    marks.push_back(mark_of(*tasks, subject.keys));
    subject.seen = tasks;
  }
  marks.back().at = now;
  thin(marks);
}

void TaskHistory::thin(std::deque<TaskMark>& marks) {
  const base::Instant now = marks.back().at;
  while (marks.size() > 2 && marks[1].at <= now - kLongest) marks.pop_front();
  for (size_t i = 1; i + 1 < marks.size();) {
    const bool spare = marks[i + 1].at - marks[i - 1].at <= (now - marks[i - 1].at) / kPart;
    if (spare) {
      marks.erase(marks.begin() + static_cast<ptrdiff_t>(i));
    } else {
      ++i;
    }
  }
}

base::Result<std::vector<model::TaskWindow>> TaskHistory::windows(int64_t length) const {
  const std::lock_guard lock(mutex_);
  const int64_t least = kLeastTicks * tick_;
  if (length < least || length > kLongest) {
    constexpr double kSeconds = 1e9;
    return base::Error{
        .attempt = fmt::format("window: found {:g}s, allowed is {:g}s (10 readings at the present interval) to {:g}s",
                               static_cast<double>(length) / kSeconds, static_cast<double>(least) / kSeconds,
                               static_cast<double>(kLongest) / kSeconds)};
  }
  std::vector<model::TaskWindow> windows;
  for (const auto& [cgroup_id, subject] : subjects_) {
    const TaskMark& last = subject.marks.back();
    const auto from = std::min_element(subject.marks.begin(), subject.marks.end(), [&](const auto& a, const auto& b) {
      return std::abs(last.at - length - a.at) < std::abs(last.at - length - b.at);
    });
    if (last.at - from->at < least) continue;
    windows.push_back(analysis::window_between(*from, last, subject.keys));
    windows.back().cgroup_id = cgroup_id;
  }
  return windows;
}

}  // namespace benchd::daemon
