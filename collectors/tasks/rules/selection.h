#pragma once

#include <span>
#include <string>
#include <vector>

#include "collectors/tasks/rules/rule.h"
#include "model/container.h"

namespace benchd::rules {

/// Whether a rule is for the logs of this container: all of containers, image and label that it has must match. A rule
/// for files of the host is for none.
bool is_for(const Rule& rule, const model::Metadata& container);

/// Whether a rule is for this file of the host: one of its `files` matches, as glob(3) would have it.
bool is_for_file(const Rule& rule, const std::string& path);

std::vector<Rule> selected_for(std::span<const Rule> rules, const model::Metadata& container);

}  // namespace benchd::rules
