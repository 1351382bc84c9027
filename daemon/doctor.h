#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/door.h"
#include "daemon/options.h"
#include "model/log.h"

namespace benchd::daemon {

/// One thing that benchd uses of a host.
struct Finding {
  std::string subject;
  bool good = false;
  std::string found;  ///< what is there, or what is wrong
  std::string cost;   ///< empty where good
  std::string cure;   ///< empty where good, or where nothing mends it
};

struct Diagnosis {
  std::string cgroup_mount;  ///< empty: there is none, and benchd cannot run
  std::vector<Finding> findings;
};

/// Looks at the host as `serve` with these options would; starts nothing and changes nothing. Waits at most two seconds
/// for an engine.
Diagnosis diagnose(const Options& options, base::Door& door);

/// Adds what a running benchd of these options has found: the logs that it cannot read or whose times are coarse, rules
/// that are for nothing. Where none answers within two seconds that is a finding too.
void ask_running(const Options& options, Diagnosis& diagnosis);

/// The finding, if any, in what /api/v1/tasks/rules tells of one rule.
std::optional<Finding> finding_of(const model::RuleUse& rule);

/// A table for people: what is good first, then what is missing with its cost and cure.
std::string format_text(const Diagnosis& diagnosis);
/// {"cgroup_mount":…,"findings":[{"subject":…,"good":…,"found":…,"cost":…,"cure":…}]}
std::string format_json(const Diagnosis& diagnosis);

}  // namespace benchd::daemon
