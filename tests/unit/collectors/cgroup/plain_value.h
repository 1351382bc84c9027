#pragma once

#include <cstdint>
#include <fstream>
#include <optional>
#include <string>

#include "model/field.h"
#include "model/reading.h"

namespace benchd::cgroup {

/// The value of a field found by the plainest means; for the shapes where that says more than parsing again.
inline std::optional<uint64_t> plain_value(const std::string& directory, const model::FieldSpec& field) {
  std::ifstream text(directory + "/" + std::string(model::spec(field.file).name));
  std::string word;
  const std::string total = "total=";
  switch (model::spec(field.file).shape) {
    case model::Shape::Keyed:
      for (std::string key; text >> key >> word;) {
        if (key == field.key) return std::stoull(word);
      }
      return std::nullopt;
    case model::Shape::Pressure:
      for (std::string line; std::getline(text, line);) {
        if (line.starts_with(field.key)) return std::stoull(line.substr(line.find(total) + total.size()));
      }
      return std::nullopt;
    case model::Shape::Single:
      if (!(text >> word)) return std::nullopt;
      return word == "max" ? model::kUnlimited : std::stoull(word);
    default:
      return std::nullopt;
  }
}

}  // namespace benchd::cgroup
