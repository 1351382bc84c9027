#pragma once

#include <span>
#include <string>

#include "model/log.h"
#include "model/snapshot.h"

namespace benchd::api {

/// The body of /api/v1/states, ASCII alone: what benchd lacks here, found to be wrong, or has to remark.
///   {"boot_id": "…", "time": UNIX, "collectors": [{"collector": "tasks", "success": true}, …],
///    "states": [{"subject": "…", "found": "…", "cost": "…", "cure": "…"}, …]}
/// `cure` is empty where there is none.
std::string states_json(const model::Snapshot& snapshot);

/// The body of /api/v1/tasks/rules, ASCII alone: what became of the rules of the configuration since benchd began.
///   {"boot_id": "…", "time": UNIX, "rules": [{"rule": "render", "origin": "benchd.yml:3", "logs": N, "logs_ever": N,
///    "lines": N}, …]}
/// `logs` are read at present, `logs_ever` were; `lines` of them the rule took.
std::string rules_json(const model::Snapshot& snapshot, std::span<const model::RuleUse> rules);

}  // namespace benchd::api
