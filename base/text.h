#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace benchd::base {

/// Cuts the part before `separator` off the front of `rest` and returns it; all of it if there is none. A loop
/// `while (!rest.empty()) { auto line = cut(rest, '\n'); … }` visits every line, also one without a newline at the end.
inline std::string_view cut(std::string_view& rest, char separator) {
  const size_t end = rest.find(separator);
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return part;
}

/// Without leading and trailing blanks, tabs and newlines.
std::string_view trim(std::string_view text);

/// A whole number that is all of `text`; nothing for an empty text, a sign, trailing characters or overflow.
template <class Integer = uint64_t>
std::optional<Integer> parse_integer(std::string_view text, int base = 10) {
  Integer value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Takes the whole number at the front of `rest`, after blanks, off it; nothing (and only the blanks taken) if there is
/// none. For the kernel's tables of many numbers a line.
template <class Integer = uint64_t>
std::optional<Integer> take_integer(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
  Integer value{};
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
  if (error != std::errc()) return std::nullopt;
  rest.remove_prefix(static_cast<size_t>(end - rest.data()));
  return value;
}

/// A finite number that is all of `text`, in the notation of C; a sign is a minus.
std::optional<double> parse_number(std::string_view text);

/// "3%" or "0.03", with blanks around it or not; nothing for what is no finite number.
std::optional<double> parse_share(std::string_view text);

/// Shell glob (`*`, `?`, `[…]`; `*` also matches '/') over the whole of `text`.
bool glob_match(const std::string& pattern, const std::string& text);

/// `"a", "b"`: for a message that says what was found.
std::string quoted_list(const std::vector<std::string>& texts);

/// `text` with every byte that is not part of valid UTF-8 replaced by U+FFFD. Names and labels come from outside; what
/// leaves benchd is always UTF-8.
std::string to_utf8(std::string_view text);

/// As UTF-8 that may stand between tags of HTML and XML, and in quotes within one.
std::string escape_markup(std::string_view text);

}  // namespace benchd::base
