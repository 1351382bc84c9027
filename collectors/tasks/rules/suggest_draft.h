#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "collectors/tasks/rules/rule.h"

/// Rules made of single lines. Internal to Suggester.
namespace benchd::rules {

struct Draft {
  Rule rule;
  bool timed = false;               ///< it has a duration, or a mean
  std::optional<double> bare = {};  ///< the duration, where neither it nor its key tells the unit: see set_unit()
};

/// Nothing where none of the line's words tells of a task.
std::optional<Draft> template_draft(std::string_view line);

/// Of a line of json or logfmt. Nothing where no key is a duration's and the message tells of no end.
std::optional<Draft> keyed_draft(std::string_view line);

/// Whether the line has a whole JSON object: no template for it.
bool holds_json(std::string_view line);

/// Of a duration that is bare.
void set_unit(Draft& draft, Unit unit);

/// The rule as an item of `tasks:`.
std::string yaml_of(const Rule& rule);

}  // namespace benchd::rules
