#pragma once

#include <optional>
#include <string>
#include <vector>

#include "collectors/tasks/rules/rule_set.h"

namespace benchd::rules {

/// A report whose texts stay.
struct KeptTask {
  model::TaskReport report;
  std::string kind;
  std::string outcome;
};

class Recorder : public Sink {
 public:
  void task(const model::TaskReport& report) override {
    tasks.push_back({report, std::string(report.kind), std::string(report.outcome)});
  }
  void pair(const PairEvent& event) override {
    pairs.push_back((event.start ? "start " : "end ") + std::string(event.id));
  }

  std::vector<KeptTask> tasks;
  std::vector<std::string> pairs;  ///< "start 7"
};

}  // namespace benchd::rules
