#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "collectors/tasks/rules/pairs.h"
#include "collectors/tasks/rules/rule_set.h"
#include "collectors/tasks/rules/tally.h"
#include "model/run_record.h"

namespace benchd::campaign {

/// Finds the tasks in what one run writes, as it is written.
class TaskCatcher : private rules::Sink {
 public:
  /// `rules` is for this run alone until the next begins; lives longer than this.
  explicit TaskCatcher(rules::RuleSet& rules);

  /// The next bytes of the run's output, read at `wall`, nanoseconds of Unix time: the time of lines that have none of
  /// their own.
  void feed(std::string_view bytes, int64_t wall);

  /// A whole line, where somebody else has taken the output apart.
  void line(const model::LogLine& line);

  /// Tasks with the outcome ok so far.
  uint64_t good_tasks() const { return good_; }

  /// The output has ended: fills the record's tasks and their span.
  void finish(model::RunRecord& record, int64_t wall);

 private:
  void cut_line(std::string_view text, int64_t wall, bool truncated);
  void task(const model::TaskReport& report) override;
  void pair(const rules::PairEvent& event) override { pairs_.take(event, *this); }

  rules::RuleSet& rules_;
  rules::Tally tally_;  ///< knows under what a task counts
  rules::Pairs pairs_;
  std::string held_;  ///< a line whose end has not come
  bool skipping_ = false;
  struct Found {
    model::RunTasks tasks;
    std::map<uint32_t, uint64_t> durations;  ///< by bucket
  };
  std::map<model::TaskKey, Found> found_;
  uint64_t good_ = 0;
  std::optional<int64_t> first_;
  std::optional<int64_t> last_;
};

}  // namespace benchd::campaign
