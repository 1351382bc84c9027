#include "collectors/tasks/rules/keyed.h"

#include <algorithm>
#include <cctype>

#include "base/text.h"
#include "collectors/tasks/rules/literal.h"
#include "collectors/tasks/rules/logfmt.h"

namespace benchd::rules {
namespace {

using base::Error;
using base::Result;

constexpr size_t kMaxFields = 12;

/// What surely stands in a line that has this path, nested or not: its last part.
std::string_view last_part(std::string_view path) {
  const size_t dot = path.rfind('.');
  return dot == std::string_view::npos ? path : path.substr(dot + 1);
}

bool plain(std::string_view glob) {
  return glob.find_first_of("*?[\\") == std::string_view::npos;
}

/// Whether one of the globs is the text. A plain one, the usual case, is compared in place.
bool holds(const Condition& condition, std::string_view text) {
  return std::any_of(condition.globs.begin(), condition.globs.end(), [&](const std::string& glob) {
    return plain(glob) ? text == glob : base::glob_match(glob, std::string(text));
  });
}

}  // namespace

Result<Keyed> Keyed::compile(const Pattern& pattern) {
  Keyed keyed;
  keyed.json_ = pattern.form == Pattern::Form::Json;
  keyed.fields_ = pattern.fields;
  keyed.conditions_ = pattern.conditions;
  keyed.met_.resize(pattern.conditions.size());
  if (pattern.fields.size() > kMaxFields)
    return Error{.attempt = "more than " + std::to_string(kMaxFields) + " fields"};
  if (pattern.fields.empty() && pattern.conditions.empty()) {
    return Error{.attempt = "needs a field or a condition, or every line would match"};
  }
  for (const Condition& condition : pattern.conditions) {
    keyed.required_.emplace_back(last_part(condition.path));
    // A value of letters and digits is written as such.
    const bool sure = condition.globs.size() == 1 &&
                      std::all_of(condition.globs[0].begin(), condition.globs[0].end(),
                                  [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; });
    if (sure) keyed.required_.push_back(condition.globs[0]);
  }
  // Where there are no conditions, and one field only, that one must be there.
  if (pattern.conditions.empty() && pattern.fields.size() == 1) {
    keyed.required_.emplace_back(last_part(pattern.fields.front().path));
  }
  keyed.longest_ = Literal(longest_of(keyed.required_));
  return keyed;
}

bool Keyed::match(std::string_view line, std::span<std::string_view> captures) const {
  if (!longest_.empty() && longest_.find(line) == std::string_view::npos) return false;
  std::fill_n(captures.begin(), fields_.size(), std::string_view());
  std::fill(met_.begin(), met_.end(), false);
  if (json_) {
    JsonReader reader(line, scratch_);
    while (const auto value = reader.next()) {
      if (!value->null && !take(value->path, value->text, captures)) return false;
    }
    if (!reader.complete()) return false;
  } else {
    LogfmtReader reader(line, scratch_.text);
    while (const auto pair = reader.next()) {
      if (!take(pair->key, pair->value, captures)) return false;
    }
  }
  if (std::find(met_.begin(), met_.end(), false) != met_.end()) return false;
  bool any = fields_.empty();
  for (size_t i = 0; i < fields_.size(); ++i) {
    const bool there = captures[i].data() != nullptr;
    if (fields_[i].field == Field::Id && !there) return false;
    // Times and names stand in every line: they do not make a task.
    const Field field = fields_[i].field;
    any = any || (there && (field == Field::Id || field == Field::Duration || field == Field::Count));
  }
  return any || !conditions_.empty();
}

bool Keyed::take(std::string_view path, std::string_view text, std::span<std::string_view> captures) const {
  for (size_t i = 0; i < conditions_.size(); ++i) {
    if (met_[i] || conditions_[i].path != path) continue;
    if (!holds(conditions_[i], text)) return false;
    met_[i] = true;
  }
  for (size_t i = 0; i < fields_.size(); ++i) {
    if (captures[i].data() == nullptr && fields_[i].path == path) captures[i] = text;
  }
  return true;
}

}  // namespace benchd::rules
