#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/text.h"
#include "daemon/ledger/database.h"
#include "model/reading.h"
#include "model/run_record.h"

/// How the values of a model's types stand in columns of the ledger. Internal to this folder.
namespace benchd::ledger {

/// "3:17 5:1": pairs that are mostly few of many.
template <class Pair>
std::string pairs_text(const std::vector<Pair>& pairs) {
  std::string text;
  for (const auto& [key, value] : pairs) {
    if (!text.empty()) text += ' ';
    text.append(std::to_string(key)).append(":") += std::to_string(value);
  }
  return text;
}

template <class Key, class Pair = std::pair<Key, uint64_t>>
std::vector<Pair> pairs_in(std::string_view text) {
  std::vector<Pair> pairs;
  while (!text.empty()) {
    std::string_view value = base::cut(text, ' ');
    const auto key = base::parse_integer<Key>(base::cut(value, ':'));
    if (key) pairs.push_back({*key, base::parse_integer(value).value_or(0)});
  }
  return pairs;
}

/// "50012:48211:4096 100013:97002:"
inline std::string course_text(const std::vector<model::RunPoint>& course) {
  std::string text;
  for (const model::RunPoint& point : course) {
    if (!text.empty()) text += ' ';
    text.append(std::to_string(point.at_usec)).append(":").append(std::to_string(point.cpu_usec)).append(":");
    if (point.memory_bytes) text += std::to_string(*point.memory_bytes);
  }
  return text;
}

inline std::vector<model::RunPoint> course_in(std::string_view text) {
  std::vector<model::RunPoint> course;
  while (!text.empty()) {
    std::string_view rest = base::cut(text, ' ');
    const auto at = base::parse_integer(base::cut(rest, ':'));
    const auto cpu = base::parse_integer(base::cut(rest, ':'));
    if (at && cpu) course.push_back({.at_usec = *at, .cpu_usec = *cpu, .memory_bytes = base::parse_integer(rest)});
  }
  return course;
}

/// "db:48211:4096 cache:97002:"
inline std::string services_text(const std::vector<model::ServiceUse>& services) {
  std::string text;
  for (const model::ServiceUse& use : services) {
    if (!text.empty()) text += ' ';
    text.append(use.service).append(":");
    if (use.cpu_usec) text += std::to_string(*use.cpu_usec);
    text += ':';
    if (use.memory_peak_bytes) text += std::to_string(*use.memory_peak_bytes);
  }
  return text;
}

inline std::vector<model::ServiceUse> services_in(std::string_view text) {
  std::vector<model::ServiceUse> services;
  while (!text.empty()) {
    std::string_view rest = base::cut(text, ' ');
    model::ServiceUse& use = services.emplace_back();
    use.service = base::cut(rest, ':');
    use.cpu_usec = base::parse_integer(base::cut(rest, ':'));
    use.memory_peak_bytes = base::parse_integer(rest);
  }
  return services;
}

inline void bind_value(Statement& statement, const std::string& value) {
  statement.bind(std::string_view(value));
}
inline void bind_value(Statement& statement, double value) {
  statement.bind(value);
}
template <class Integer>
requires std::is_integral_v<Integer>
void bind_value(Statement& statement, Integer value) {
  statement.bind(static_cast<int64_t>(value));
}
template <class T>
void bind_value(Statement& statement, const std::optional<T>& value) {
  if (value) {
    bind_value(statement, *value);
  } else {
    statement.bind_null();
  }
}

inline void read_value(const Statement& row, int column, std::string& value) {
  value = row.text(column);
}
inline void read_value(const Statement& row, int column, double& value) {
  value = row.real(column);
}
template <class Integer>
requires std::is_integral_v<Integer>
void read_value(const Statement& row, int column, Integer& value) {
  value = static_cast<Integer>(row.integer(column));
}
template <class T>
void read_value(const Statement& row, int column, std::optional<T>& value) {
  value.reset();
  if (!row.is_null(column)) read_value(row, column, value.emplace());
}

}  // namespace benchd::ledger
