#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

/// What engines answer is theirs: nothing in it can be relied upon.
namespace benchd::campaign {

using Json = nlohmann::json;

/// Discarded where the text is no JSON.
inline Json parse_json(std::string_view text) {
  return Json::parse(text, nullptr, false);
}

/// What is no UTF-8 in it is replaced.
inline std::string dumped(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// The member of an object, or null.
inline const Json& member(const Json& json, const char* name) {
  static const Json null;
  if (!json.is_object()) return null;
  const auto found = json.find(name);
  return found != json.end() ? *found : null;
}

inline std::string text_in(const Json& json, const char* name) {
  const Json& text = member(json, name);
  return text.is_string() ? text.get<std::string>() : std::string();
}

}  // namespace benchd::campaign
