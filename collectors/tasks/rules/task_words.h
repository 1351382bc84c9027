#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/tasks/rules/quantity.h"

namespace benchd::rules {

// What words in logs say of tasks: how people write, no format. Whatever their case.

bool names_level(std::string_view word);    ///< "INFO"
bool names_method(std::string_view word);   ///< "GET"
bool names_task(std::string_view word);     ///< stands before an id: "task", "job", "request"
bool names_tasks(std::string_view word);    ///< stands behind a count: "tasks", "rows"
bool tells_end(std::string_view word);      ///< "done", "failed", "took"
bool leads_to_time(std::string_view word);  ///< stands before a duration: "in", "after", "took"
bool names_mean(std::string_view word);     ///< "avg"
bool names_extreme(std::string_view word);  ///< one figure of many, of no task: "max", "p99"

/// A key or a word behind which a duration stands: "elapsed", "responseTime", "request.duration_ms".
bool names_duration(std::string_view key);

/// A key behind which stands how a task ended: "status", "result".
bool names_outcome(std::string_view key);

bool is_http_status(std::string_view text);  ///< "404"

/// As the presets of access logs have them.
std::vector<std::pair<std::string, std::string>> http_outcomes();

/// A unit that a key ends with: "elapsed_ms", "durationMs", "took_seconds".
std::optional<Unit> unit_of_key(std::string_view key);

/// What bare numbers are likely to mean where nobody says it: fractions are seconds unless they are large, whole
/// numbers milliseconds, or nanoseconds where they are huge, as Go's and Java's clocks print them.
Unit guessed_unit(std::vector<double> values);

}  // namespace benchd::rules
