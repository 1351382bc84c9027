#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "collectors/tasks/rules/rule.h"

namespace benchd::rules {

/// "duration", "count" … "time"; Field::Any has no name.
std::optional<Field> field_named(std::string_view name);
std::string_view name_of(Field field);

/// Whether a field has a unit: duration, mean and sum.
bool has_unit(Field field);

/// For errors: all names.
std::string known_fields();

/// A group of a regex: a field's name; with its unit behind an underscore ("duration_ms"); a unit alone ("ms"), which
/// is a duration.
std::optional<FieldSpec> field_of_group(std::string_view name);

/// Why these fields make no task together, or empty: mean and sum need a count, durations exclude each other.
std::string conflict(const std::vector<FieldSpec>& fields, Pattern::Role role);

}  // namespace benchd::rules
