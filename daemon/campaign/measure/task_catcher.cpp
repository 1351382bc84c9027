#include "daemon/campaign/measure/task_catcher.h"

#include <algorithm>
#include <utility>

#include "model/durations.h"

namespace benchd::campaign {
namespace {

/// As far as a line is looked at, as with every other log.
constexpr size_t kMaxLine = 256UL << 10;

}  // namespace

TaskCatcher::TaskCatcher(rules::RuleSet& rules) : rules_(rules), tally_(rules.rules(), {}), pairs_(rules.rules()) {}

void TaskCatcher::feed(std::string_view bytes, int64_t wall) {
  rules_.set_now(wall);
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    if (!skipping_) {
      if (held_.empty() && end != std::string_view::npos && part.size() <= kMaxLine) {
        cut_line(part, wall, false);
      } else {
        held_ += part;
        const bool too_long = held_.size() > kMaxLine;
        if (too_long) held_.resize(kMaxLine);
        if (too_long || end != std::string_view::npos) cut_line(std::exchange(held_, {}), wall, too_long);
        skipping_ = too_long;
      }
    }
    if (end == std::string_view::npos) return;
    skipping_ = false;
    bytes.remove_prefix(end + 1);
  }
}

void TaskCatcher::finish(model::RunRecord& record, int64_t wall) {
  if (!held_.empty()) cut_line(std::exchange(held_, {}), wall, false);
  pairs_.close();
  for (auto& [key, found] : found_) {
    found.tasks.durations.assign(found.durations.begin(), found.durations.end());
    record.tasks.push_back(std::move(found.tasks));
  }
  if (first_ && last_ && *last_ > *first_) record.task_span_ns = *last_ - *first_;
}

void TaskCatcher::line(const model::LogLine& line) {
  if (line.stamp) rules_.set_now(*line.stamp);
  rules_.match(line, *this);
}

void TaskCatcher::cut_line(std::string_view text, int64_t wall, bool truncated) {
  if (text.ends_with('\r')) text.remove_suffix(1);
  rules_.match({.text = text, .stamp = wall, .truncated = truncated}, *this);
}

void TaskCatcher::task(const model::TaskReport& report) {
  const model::TaskKey& key = tally_.add(report);
  Found& found = found_[key];
  found.tasks.key = key;
  found.tasks.tasks += report.count;
  if (report.duration && report.count > 0) {
    const auto together = static_cast<uint64_t>(*report.duration);
    found.tasks.timed += report.count;
    found.tasks.duration_ns += together;
    found.durations[model::duration_bucket(together / report.count)] += report.count;
  }
  if (key.outcome == "ok") good_ += report.count;
  if (report.ended) last_ = std::max(last_.value_or(*report.ended), *report.ended);
  if (const auto begun = report.started ? report.started : report.ended)
    first_ = std::min(first_.value_or(*begun), *begun);
}

}  // namespace benchd::campaign
