#include "collectors/tasks/rules/task_words.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

#include "collectors/tasks/rules/digits.h"

namespace benchd::rules {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
  return result;
}

template <size_t n>
bool is_one_of(const std::array<std::string_view, n>& words, std::string_view text) {
  return std::find(words.begin(), words.end(), lower(text)) != words.end();
}

/// "request.duration_ms" → "duration_ms"
std::string_view last_of_path(std::string_view key) {
  const size_t dot = key.rfind('.');
  return dot == std::string_view::npos ? key : key.substr(dot + 1);
}

}  // namespace

bool names_level(std::string_view word) {
  return is_one_of(std::to_array<std::string_view>(
                       {"trace", "debug", "info", "notice", "warn", "warning", "error", "critical", "fatal", "severe"}),
                   word);
}

bool names_method(std::string_view word) {
  constexpr auto kMethods =
      std::to_array<std::string_view>({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"});
  return std::find(kMethods.begin(), kMethods.end(), word) != kMethods.end();
}

bool names_task(std::string_view word) {
  return is_one_of(std::to_array<std::string_view>({"task", "job", "id", "request", "item", "message", "msg", "tid",
                                                    "uid", "order", "query", "batch"}),
                   word);
}

bool names_tasks(std::string_view word) {
  return is_one_of(
      std::to_array<std::string_view>({"tasks", "jobs", "items", "rows", "records", "messages", "requests", "events",
                                       "files", "documents", "docs", "lines", "objects", "entries"}),
      word);
}

bool tells_end(std::string_view word) {
  return is_one_of(std::to_array<std::string_view>({"done", "finished", "completed", "complete", "succeeded", "success",
                                                    "failed", "processed", "took", "elapsed", "duration", "ended",
                                                    "handled", "executed", "served", "wrote", "returned", "responded"}),
                   word);
}

bool leads_to_time(std::string_view word) {
  return names_duration(word) ||
         is_one_of(std::to_array<std::string_view>({"in", "after", "within", "for", "total", "time"}), word);
}

bool names_mean(std::string_view word) {
  return is_one_of(std::to_array<std::string_view>({"avg", "average", "mean"}), word);
}

bool names_extreme(std::string_view word) {
  return is_one_of(
      std::to_array<std::string_view>({"min", "minimum", "max", "maximum", "median", "p50", "p75", "p90", "p95", "p99",
                                       "p999", "std", "stddev", "slowest", "fastest", "timeout"}),
      word);
}

bool names_duration(std::string_view key) {
  std::string name = lower(last_of_path(key));
  std::erase_if(name, [](char c) { return c == '_' || c == '-'; });
  constexpr auto kParts =
      std::to_array<std::string_view>({"duration", "elapsed", "took", "latency", "runtime", "responsetime",
                                       "requesttime", "executiontime", "exectime", "processingtime", "timetaken"});
  return std::any_of(kParts.begin(), kParts.end(),
                     [&](std::string_view part) { return name.find(part) != std::string::npos; });
}

bool names_outcome(std::string_view key) {
  return is_one_of(
      std::to_array<std::string_view>({"status", "result", "outcome", "state", "statuscode", "status_code"}),
      last_of_path(key));
}

bool is_http_status(std::string_view text) {
  return text.size() == 3 && std::all_of(text.begin(), text.end(), digit) && text[0] >= '1' && text[0] <= '5';
}

std::vector<std::pair<std::string, std::string>> http_outcomes() {
  return {{"[123]*", "ok"}, {"4*", "client_error"}, {"5*", "error"}};
}

std::optional<Unit> unit_of_key(std::string_view key) {
  key = last_of_path(key);
  const size_t underscore = key.rfind('_');
  if (underscore != std::string_view::npos) return unit_word(key.substr(underscore + 1));
  for (const std::string_view suffix : {"Ms", "Millis", "Seconds", "Secs", "Sec", "Us", "Ns", "Nanos", "Micros"})
    if (key.ends_with(suffix)) return unit_word(suffix);
  return std::nullopt;
}

Unit guessed_unit(std::vector<double> values) {
  constexpr double kManySeconds = 10;
  constexpr double kManyMilliseconds = 1e6;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  const bool fractions = std::any_of(values.begin(), values.end(), [](double v) { return v != std::floor(v); });
  std::nth_element(values.begin(), middle, values.end());
  if (middle == values.end()) return Unit::Millisecond;
  if (fractions) return *middle < kManySeconds ? Unit::Second : Unit::Millisecond;
  return *middle < kManyMilliseconds ? Unit::Millisecond : Unit::Nanosecond;
}

}  // namespace benchd::rules
