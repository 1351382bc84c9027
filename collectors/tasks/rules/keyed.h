#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "collectors/tasks/rules/json.h"
#include "collectors/tasks/rules/literal.h"
#include "collectors/tasks/rules/rule.h"

namespace benchd::rules {

/// A json or logfmt pattern, compiled: a line matches if every condition holds and it has at least one of the fields
/// (the id, if the pattern has one). Of a key that stands there twice the first counts. A line may have text around its
/// JSON.
class Keyed {
 public:
  static base::Result<Keyed> compile(const Pattern& pattern);

  const std::vector<FieldSpec>& fields() const { return fields_; }

  /// Texts that every matching line contains. (An encoder that writes "\u0061" for "a" in a key is unknown.)
  const std::vector<std::string>& required() const { return required_; }

  /// True, and a text per field, if it matches. The texts are views into `line` or into what this object keeps, until
  /// its next match; a field that is missing, or null, has a view without data. Not for two threads at once.
  bool match(std::string_view line, std::span<std::string_view> captures) const;

 private:
  /// Takes a pair in; false: a condition does not hold.
  bool take(std::string_view path, std::string_view text, std::span<std::string_view> captures) const;

  bool json_ = false;
  std::vector<FieldSpec> fields_;
  std::vector<Condition> conditions_;
  std::vector<std::string> required_;
  Literal longest_;                ///< of those
  mutable std::vector<bool> met_;  ///< per condition
  mutable JsonScratch scratch_;
};

}  // namespace benchd::rules
