#include "collectors/tasks/rules/suggest_draft.h"

#include "collectors/tasks/rules/field_names.h"

namespace benchd::rules {
namespace {

constexpr std::string_view kNoUnit = ":?}";  // a template's bare duration, see template_draft()

std::string quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text) result.append(c == '\'' ? 2 : 1, c);
  return result + "'";
}

void add(std::string& list, std::string_view key, std::string_view value) {
  list.append(list.empty() ? "" : ", ").append(key).append(": ").append(value);
}

std::string keyed_body(const Pattern& pattern) {
  std::string body;
  for (const FieldSpec& spec : pattern.fields) {
    const bool unit = has_unit(spec.field) && spec.unit != Unit::Auto;
    add(body, name_of(spec.field), quoted(spec.path + (unit ? ":" + std::string(name_of(spec.unit)) : "")));
  }
  std::string where;
  for (const Condition& condition : pattern.conditions) add(where, quoted(condition.path), quoted(condition.globs[0]));
  if (!where.empty()) add(body, "where", "{" + where + "}");
  return "{" + body + "}";
}

}  // namespace

void set_unit(Draft& draft, Unit unit) {
  Pattern& pattern = draft.rule.patterns[0];
  const size_t at = pattern.text.find(kNoUnit);
  if (at != std::string::npos) pattern.text.replace(at + 1, 1, name_of(unit));
  for (FieldSpec& spec : pattern.fields)
    if (spec.field == Field::Duration) spec.unit = unit;
}

std::string yaml_of(const Rule& rule) {
  const Pattern& pattern = rule.patterns[0];
  std::string yaml = "- name: " + rule.name + "\n  ";
  switch (pattern.form) {
    case Pattern::Form::Template:
      yaml += "match: " + quoted(pattern.text);
      break;
    case Pattern::Form::Regex:
      yaml += "regex: " + quoted(pattern.text);
      break;
    case Pattern::Form::Json:
      yaml += "json: " + keyed_body(pattern);
      break;
    case Pattern::Form::Logfmt:
      yaml += "logfmt: " + keyed_body(pattern);
      break;
  }
  std::string outcomes;
  for (const auto& [glob, outcome] : rule.outcomes) add(outcomes, "\"" + glob + "\"", outcome);
  return outcomes.empty() ? yaml : yaml + "\n  outcome: {" + outcomes + "}";
}

}  // namespace benchd::rules
