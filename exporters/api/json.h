#pragma once

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "model/snapshot.h"

/// What the API's answers have in common. Internal to this folder.
namespace benchd::api {

using Json = nlohmann::ordered_json;

inline double unix_time(const model::Snapshot& snapshot, base::Instant instant) {
  const int64_t microseconds = (instant + snapshot.wall_offset) / 1000;
  return static_cast<double>(microseconds) / 1e6;
}

/// What each answer begins with.
inline Json head_of(const model::Snapshot& snapshot) {
  return {{"boot_id", base::to_utf8(snapshot.boot_id)}, {"time", unix_time(snapshot, snapshot.taken)}};
}

/// The text of an answer whose strings others wrote: a terminal may show it.
inline std::string ascii(const Json& json) {
  return json.dump(-1, ' ', true);
}

/// Texts from outside: a missing key where there is none.
inline void put(Json& json, const char* key, const std::string& text) {
  if (!text.empty()) json[key] = base::to_utf8(text);
}

template <class T>
void put(Json& json, const char* key, const std::optional<T>& value) {
  if (value) json[key] = *value;
}

}  // namespace benchd::api
