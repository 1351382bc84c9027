#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "collectors/tasks/rules/regex.h"

namespace benchd::rules {

/// Regexes that no text tells apart, looked for together: one automaton for all says which of them match, so that 20
/// which begin alike need not be tried one after the other. (RE2::Set; it allocates once for each line it looks at.)
class RegexGroup {
 public:
  /// Nothing where that needs more memory than is reasonable: they are tried one by one then.
  static std::optional<RegexGroup> compile(std::span<const Regex* const> regexes);
  RegexGroup(RegexGroup&&) noexcept;
  RegexGroup& operator=(RegexGroup&&) noexcept;
  RegexGroup(const RegexGroup&) = delete;
  RegexGroup& operator=(const RegexGroup&) = delete;
  ~RegexGroup();

  /// The numbers of those that match, in any order. False: it cannot tell, any of them may.
  bool find(std::string_view line, std::vector<int>& numbers) const;

 private:
  struct Compiled;
  explicit RegexGroup(std::unique_ptr<Compiled> compiled);
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace benchd::rules
