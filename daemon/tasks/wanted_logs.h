#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/door.h"
#include "collectors/tasks/logs/followed.h"
#include "collectors/tasks/rules/rule.h"
#include "model/container.h"
#include "model/status.h"

namespace benchd::daemon {

/// A log that rules are for.
struct WantedLog {
  logs::LogSpec spec;
  std::vector<rules::Rule> rules;
  std::string container;  ///< of a host's file: who is charged, as rules::Rule::container
};

/// The logs of one container that rules are for, and what keeps others from being read.
struct WantedLogs {
  std::vector<WantedLog> logs;
  std::vector<model::State> states;
};

/// By `rules` of the configuration and those of the container's own labels. `open`: its output, where that is open
/// already and may be nowhere else by now.
WantedLogs logs_of_container(base::Door& door, std::span<const rules::Rule> rules, const model::Container& container,
                             const model::Metadata& metadata, const std::optional<logs::LogSpec>& open);

/// The files of the host that rules are for, each with all rules that name it; it is charged to the container that the
/// first of them says. `left`: paths that were read before, whose files may have another name by now.
std::vector<WantedLog> logs_of_host(base::Door& door, std::span<const rules::Rule> rules,
                                    std::span<const std::string> left);

}  // namespace benchd::daemon
