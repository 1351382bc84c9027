#include "daemon/tasks/log_report.h"

#include <utility>

namespace benchd::daemon {

LogReport::LogReport(std::span<const rules::Rule> rules) : uses_(rules), published_uses_(uses_.all()) {}

LogReport::Status LogReport::status() const {
  const std::lock_guard lock(mutex_);
  return published_;
}

std::vector<model::UnmatchedLines> LogReport::unmatched() const {
  const std::lock_guard lock(mutex_);
  std::vector<model::UnmatchedLines> all;
  for (const auto& [log, lines] : unmatched_) all.push_back(lines);
  return all;
}

std::vector<model::RuleUse> LogReport::rule_uses() const {
  const std::lock_guard lock(mutex_);
  return published_uses_;
}

void LogReport::ended(LogTasks& log) {
  uses_.took(log.rules(), log.take_lines_of_rules());
  uses_.ended(log.rules());
  const std::lock_guard lock(mutex_);
  unmatched_.erase(log.log());
}

void LogReport::look(LogTasks& log, const std::string& container, const logs::LogStatus& status) {
  states_.look({.log = log.log(), .container = container, .status = status, .tasks = log});
  uses_.took(log.rules(), log.take_lines_of_rules());
  auto lines = log.take_unmatched();
  if (!lines) return;
  const std::lock_guard lock(mutex_);
  unmatched_[log.log()] = *std::move(lines);
}

void LogReport::publish(const std::optional<model::State>& of_all) {
  std::vector<model::State> states = states_.all();
  if (of_all) states.push_back(*of_all);
  const std::lock_guard lock(mutex_);
  published_.collector.success = states_.all_read() && !of_all;
  published_.states = std::move(states);
  published_uses_ = uses_.all();
}

}  // namespace benchd::daemon
