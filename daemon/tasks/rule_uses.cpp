#include "daemon/tasks/rule_uses.h"

namespace benchd::daemon {

RuleUses::RuleUses(std::span<const rules::Rule> rules) {
  for (const rules::Rule& rule : rules) {
    if (places_.try_emplace({rule.origin, rule.name}, uses_.size()).second)
      uses_.push_back({.rule = rule.name, .origin = rule.origin});
  }
}

model::RuleUse* RuleUses::find(const rules::Rule& rule) {
  const auto place = places_.find({rule.origin, rule.name});
  return place == places_.end() ? nullptr : &uses_[place->second];
}

void RuleUses::began(std::span<const rules::Rule> rules) {
  for (const rules::Rule& rule : rules) {
    model::RuleUse* const use = find(rule);
    if (use == nullptr) continue;
    ++use->logs;
    ++use->logs_ever;
  }
}

void RuleUses::ended(std::span<const rules::Rule> rules) {
  for (const rules::Rule& rule : rules) {
    if (model::RuleUse* const use = find(rule)) --use->logs;
  }
}

void RuleUses::took(std::span<const rules::Rule> rules, std::span<const uint64_t> lines) {
  for (size_t i = 0; i < lines.size(); ++i) {
    if (lines[i] == 0) continue;
    if (model::RuleUse* const use = find(rules[i])) use->lines += lines[i];
  }
}

}  // namespace benchd::daemon
