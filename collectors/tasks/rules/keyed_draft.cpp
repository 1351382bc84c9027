#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include "collectors/tasks/rules/digits.h"
#include "collectors/tasks/rules/json.h"
#include "collectors/tasks/rules/line_words.h"
#include "collectors/tasks/rules/logfmt.h"
#include "collectors/tasks/rules/quantity.h"
#include "collectors/tasks/rules/suggest_draft.h"
#include "collectors/tasks/rules/task_words.h"

namespace benchd::rules {
namespace {

struct Pair {
  std::string key;
  std::string value;
};

/// Empty where the line has no whole object.
std::vector<Pair> json_pairs(std::string_view line) {
  std::vector<Pair> pairs;
  JsonScratch scratch;
  JsonReader reader(line, scratch);
  while (const auto value = reader.next()) pairs.push_back({std::string(value->path), std::string(value->text)});
  if (!reader.complete()) pairs.clear();
  return pairs;
}

std::vector<Pair> logfmt_pairs(std::string_view line) {
  std::vector<Pair> pairs;
  std::string scratch;
  LogfmtReader reader(line, scratch);
  while (const auto pair = reader.next()) pairs.push_back({std::string(pair->key), std::string(pair->value)});
  return pairs;
}

bool has_digit(std::string_view text) {
  return std::any_of(text.begin(), text.end(), digit);
}

bool tells_end_anywhere(std::string_view message) {
  const auto words = words_of(message);
  return std::any_of(words.begin(), words.end(), [](const Word& word) { return tells_end(word.text); });
}

bool is_message(std::string_view key) {
  return key == "msg" || key == "message" || key == "event" || key == "Message";
}

/// The first key that is a duration's.
std::optional<FieldSpec> duration_of(const std::vector<Pair>& pairs, std::optional<double>& bare) {
  for (const auto& [key, value] : pairs) {
    if (!names_duration(key) || value.empty()) continue;
    if (take_duration(value).length == value.size()) return FieldSpec{.field = Field::Duration, .path = key};
    if (take_number(value, 1).length != value.size()) continue;
    const auto unit = unit_of_key(key);
    if (!unit) bare = std::strtod(value.c_str(), nullptr);
    return FieldSpec{.field = Field::Duration, .unit = unit.value_or(Unit::Auto), .path = key};
  }
  return std::nullopt;
}

}  // namespace

bool holds_json(std::string_view line) {
  return line.find('{') != std::string_view::npos && !json_pairs(line).empty();
}

std::optional<Draft> keyed_draft(std::string_view line) {
  const bool json = holds_json(line);
  const auto pairs = json ? json_pairs(line) : logfmt_pairs(line);
  if (pairs.size() < 2) return std::nullopt;
  Draft draft{.rule = {.name = "task", .origin = "suggestion"}};
  Pattern pattern{.form = json ? Pattern::Form::Json : Pattern::Form::Logfmt};
  if (const auto duration = duration_of(pairs, draft.bare)) pattern.fields.push_back(*duration);
  draft.timed = !pattern.fields.empty();

  const auto message = std::find_if(pairs.begin(), pairs.end(), [](const Pair& pair) { return is_message(pair.key); });
  const bool steady = message != pairs.end() && !message->value.empty() && !has_digit(message->value) &&
                      message->value.find_first_of("*?[") == std::string::npos;
  if (steady) pattern.conditions.push_back({.path = message->key, .globs = {message->value}});
  if (!draft.timed && !(steady && tells_end_anywhere(message->value))) return std::nullopt;

  const auto outcome = std::find_if(pairs.begin(), pairs.end(), [](const Pair& pair) {
    return names_outcome(pair.key) && (is_http_status(pair.value) || (!pair.value.empty() && !has_digit(pair.value)));
  });
  if (outcome != pairs.end()) {
    pattern.fields.push_back({.field = Field::Outcome, .path = outcome->key});
    if (is_http_status(outcome->value)) draft.rule.outcomes = http_outcomes();
  }
  draft.rule.patterns = {std::move(pattern)};
  return draft;
}

}  // namespace benchd::rules
