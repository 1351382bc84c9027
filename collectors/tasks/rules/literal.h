#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace benchd::rules {

/// How often a byte stands in logs, roughly: the higher the more often.
int byte_frequency(char c);

/// A text to be searched for again and again. Looks for two of its bytes at once, those that logs have least, sixteen
/// places at a time: 8 ns for a line of 100 bytes that does not have it, where memmem takes 25 and string_view::find
/// more.
class Literal {
 public:
  Literal() = default;
  explicit Literal(std::string text);
  /// For one that is put together: not to be searched for before prepare().
  void push_back(char c) { text_ += c; }
  void prepare();

  const std::string& text() const { return text_; }
  size_t size() const { return text_.size(); }
  bool empty() const { return text_.empty(); }

  /// Where it first stands in `line` at or after `from`, or npos.
  size_t find(std::string_view line, size_t from = 0) const;

 private:
  std::string text_;
  size_t first_ = 0;  ///< where the two bytes are
  size_t second_ = 0;
};

/// Texts that every line which the regex (RE2's syntax) matches must contain; none if that cannot be told. Only what
/// stands at the top level is looked at: whatever is in groups, classes and alternatives is no text for sure.
std::vector<std::string> required_literals(std::string_view regex);

/// The longest; empty if there is none.
std::string longest_of(const std::vector<std::string>& texts);

}  // namespace benchd::rules
