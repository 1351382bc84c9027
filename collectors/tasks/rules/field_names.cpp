#include "collectors/tasks/rules/field_names.h"

#include <algorithm>
#include <iterator>

namespace benchd::rules {
namespace {

constexpr std::string_view kNames[] = {"duration", "count", "mean", "sum",    "id",
                                       "outcome",  "kind",  "pid",  "thread", "time"};

}  // namespace

std::optional<Field> field_named(std::string_view name) {
  for (size_t i = 0; i < std::size(kNames); ++i)
    if (name == kNames[i]) return static_cast<Field>(i);
  return std::nullopt;
}

std::string_view name_of(Field field) {
  return field == Field::Any ? std::string_view() : kNames[static_cast<size_t>(field)];
}

bool has_unit(Field field) {
  return field == Field::Duration || field == Field::Mean || field == Field::Sum;
}

std::string known_fields() {
  std::string names;
  for (const std::string_view name : kNames) names.append(names.empty() ? "" : ", ").append(name);
  return names;
}

std::optional<FieldSpec> field_of_group(std::string_view name) {
  if (const auto field = field_named(name)) return FieldSpec{.field = *field};
  if (const auto unit = unit_named(name)) return FieldSpec{.field = Field::Duration, .unit = *unit};
  const size_t underscore = name.rfind('_');
  if (underscore == std::string_view::npos) return std::nullopt;
  const auto field = field_named(name.substr(0, underscore));
  const auto unit = unit_named(name.substr(underscore + 1));
  if (!field || !unit || !has_unit(*field)) return std::nullopt;
  return FieldSpec{.field = *field, .unit = *unit};
}

std::string conflict(const std::vector<FieldSpec>& fields, Pattern::Role role) {
  const auto count = [&](Field field) {
    return std::count_if(fields.begin(), fields.end(), [&](const FieldSpec& spec) { return spec.field == field; });
  };
  for (const std::string_view name : kNames) {
    const auto times = count(*field_named(name));
    // One of several durations has a value: alternatives of a regex, one unit each.
    if (times > 1 && name != "duration") return std::string(name) + " stands there twice";
  }
  const bool mean = count(Field::Mean) > 0;
  const bool sum = count(Field::Sum) > 0;
  if ((mean || sum) && count(Field::Count) == 0) return std::string(mean ? "mean" : "sum") + " needs a count beside it";
  if (mean + sum + (count(Field::Duration) > 0) > 1) return "only one of duration, mean and sum can count";
  if (role != Pattern::Role::Task) {
    if (count(Field::Id) == 0) return "start and end need an id each";
    if (count(Field::Count) > 0) return "a start or an end is one task's: no count";
  }
  return {};
}

}  // namespace benchd::rules
