#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/result.h"

namespace benchd::results {

/// A JSON file whose errors name the line. Views `text`, which must outlive it.
class JsonDocument {
 public:
  using Pointer = nlohmann::json::json_pointer;

  static base::Result<JsonDocument> parse(std::string_view text, const std::string& file);

  const nlohmann::json& root() const { return root_; }

  /// "FILE:LINE: WHAT", of the value at `where`.
  base::Error error(const Pointer& where, const std::string& what) const;

  /// The member of an object or element of an array that `where` leads to; null where it leads nowhere.
  const nlohmann::json* find(const Pointer& where) const;

 private:
  JsonDocument(std::string_view text, std::string file, nlohmann::json root)
      : text_(text), file_(std::move(file)), root_(std::move(root)) {}

  std::string_view text_;
  std::string file_;
  nlohmann::json root_;
};

}  // namespace benchd::results
