#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace benchd::rules {

/// One pair of a logfmt line.
struct LogfmtPair {
  std::string_view key;
  std::string_view value;  ///< without its quotes
};

/// Reads pairs off a line: `key=value key="quoted \"value\"" flag …`. What is no pair is skipped. Source:
/// brandur.org/logfmt and Go's log/slog TextHandler, which quotes as strconv.Quote does.
class LogfmtReader {
 public:
  /// `scratch` holds values that had escapes; it is emptied, and grows once.
  LogfmtReader(std::string_view line, std::string& scratch);

  /// The next pair; views live until the reader's end.
  std::optional<LogfmtPair> next();

 private:
  std::string_view quoted();

  std::string_view rest_;
  std::string& scratch_;
};

}  // namespace benchd::rules
