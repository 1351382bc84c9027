#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "collectors/tasks/rules/rule.h"

namespace benchd::rules {

/// A regex in RE2's syntax whose groups are named after fields: (?P<id>\d+), (?P<duration_ms>[\d.,]+) or (?P<ms>…).
/// Groups of other names and without names are only groups. Linear in the line, whatever the pattern; a pattern that
/// needs more than 1 MiB once compiled is refused.
class Regex {
 public:
  static base::Result<Regex> compile(std::string_view text);
  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;
  Regex(const Regex&) = delete;
  Regex& operator=(const Regex&) = delete;
  ~Regex();

  const std::vector<FieldSpec>& fields() const;

  /// Texts that every matching line contains; none may be known.
  const std::vector<std::string>& required() const;

  const std::string& text() const;
  /// Every byte is a character; else the text is UTF-8.
  bool is_of_bytes() const;
  /// It is matched by RE2's automaton, and not by something simpler.
  bool needs_automaton() const;

  /// True, and a text per field, views into `line`, if it matches somewhere. A group that took no part gives a view
  /// without data.
  bool match(std::string_view line, std::span<std::string_view> captures) const;

 private:
  struct Compiled;
  explicit Regex(std::unique_ptr<Compiled> compiled);
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace benchd::rules
