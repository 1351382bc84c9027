#include "collectors/tasks/rules/logfmt.h"

#include <algorithm>

#include "collectors/tasks/rules/escape.h"

namespace benchd::rules {

LogfmtReader::LogfmtReader(std::string_view line, std::string& scratch) : rest_(line), scratch_(scratch) {
  scratch_.clear();
  scratch_.reserve(line.size());
}

std::optional<LogfmtPair> LogfmtReader::next() {
  constexpr std::string_view kBlank = " \t\r\n";
  while (true) {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(kBlank), rest_.size()));
    if (rest_.empty()) return std::nullopt;
    const size_t end = std::min(rest_.find_first_of("= \t\r\n\""), rest_.size());
    const std::string_view key = rest_.substr(0, end);
    const char delimiter = end < rest_.size() ? rest_[end] : ' ';
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    if (delimiter == '"') quoted();  // a text that is no value
    if (delimiter != '=' || key.empty()) continue;
    if (!rest_.empty() && rest_.front() == '"') {
      rest_.remove_prefix(1);
      return LogfmtPair{.key = key, .value = quoted()};
    }
    const size_t value_end = std::min(rest_.find_first_of(kBlank), rest_.size());
    const std::string_view value = rest_.substr(0, value_end);
    rest_.remove_prefix(value_end);
    return LogfmtPair{.key = key, .value = value};
  }
}

std::string_view LogfmtReader::quoted() {
  bool closed = false;
  return take_quoted(rest_, scratch_, closed);
}

}  // namespace benchd::rules
