#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/tasks/rules/rule.h"

namespace benchd::rules {

/// A rule that many need, written as anybody could write it, with real lines as examples.
struct Preset {
  Rule rule;
  std::string summary;  ///< one line for `benchd rules list`
  std::string yaml;     ///< the rule's source
};

std::span<const Preset> presets();

/// nullptr: there is none of that name.
const Rule* preset_named(std::string_view name);

/// For errors: all names.
std::string preset_names();

}  // namespace benchd::rules
