#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "collectors/tasks/rules/literal.h"

namespace benchd::rules {

/// A regex that needs no automaton, as most for logs are: texts and repeated classes one behind the other, where what
/// follows a repeat begins with a byte that cannot belong to it (`task (?P<id>\d+) done in (?P<ms>[\d.,]+) ms`). So
/// each place of a line can match in one way only, and matching is a walk: 45 ns for such a line where RE2 takes 320
/// with two groups. Bytes are characters, as in RE2's Latin-1 mode, and it finds exactly what RE2 finds.
class PlainRegex {
 public:
  /// Nothing where the regex, which RE2 must have accepted, needs more than that.
  static std::optional<PlainRegex> compile(std::string_view regex);

  enum class Answer : uint8_t { No, Yes, TooLong };

  /// The texts of groups 0 to `groups.size()` − 1, if it matches. TooLong: the line is one of those on which trying at
  /// place after place would take more than linear time; ask RE2.
  Answer match(std::string_view line, std::span<std::string_view> groups) const;

 private:
  friend class PlainRegexParser;

  struct Step {
    Literal literal;  ///< not empty: this text; else a byte of `set`, `least` to `most` times
    std::bitset<256> set;
    uint32_t least = 1;
    uint32_t most = 1;
    std::vector<uint8_t> opens;   ///< groups that begin before it
    std::vector<uint8_t> closes;  ///< groups that end behind it
  };

  size_t match_at(std::string_view line, size_t at, std::span<std::string_view> groups) const;

  std::vector<Step> steps_;
  bool from_start_ = false;  ///< ^
  bool to_end_ = false;      ///< $
};

}  // namespace benchd::rules
