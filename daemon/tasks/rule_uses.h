#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "collectors/tasks/rules/rule.h"
#include "model/log.h"

namespace benchd::daemon {

/// Counts what becomes of the rules of the configuration. Those of containers' labels are not among them: what becomes
/// of these is told by their container's log.
class RuleUses {
 public:
  explicit RuleUses(std::span<const rules::Rule> rules);

  /// A log is read with these rules from now on, or not any more.
  void began(std::span<const rules::Rule> rules);
  void ended(std::span<const rules::Rule> rules);
  /// So many more lines of a log each of them took.
  void took(std::span<const rules::Rule> rules, std::span<const uint64_t> lines);

  const std::vector<model::RuleUse>& all() const { return uses_; }

 private:
  model::RuleUse* find(const rules::Rule& rule);

  std::vector<model::RuleUse> uses_;                              ///< in the configuration's order
  std::map<std::pair<std::string, std::string>, size_t> places_;  ///< in `uses_`, by origin and name
};

}  // namespace benchd::daemon
