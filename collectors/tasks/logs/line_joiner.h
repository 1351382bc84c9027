#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "collectors/tasks/logs/record.h"

namespace benchd::logs {

/// Puts the pieces of one stream's long lines together again, up to kMaxLine; what is longer keeps its head. A line
/// that came in one piece is passed through without a copy.
class LineJoiner {
 public:
  /// The line that this record ends, if it does. Its text lives until the next call.
  std::optional<model::LogLine> take(const Record& record) {
    if (!open_ && record.ends_line) return line(record.text, record.stamp, record.stream, false);
    if (!open_) begin(record);
    const size_t room = kMaxLine - text_.size();
    text_.append(record.text.substr(0, room));
    truncated_ = truncated_ || record.text.size() > room;
    if (!record.ends_line) return std::nullopt;
    return finish();
  }

  /// The line as far as it came, if one has begun: its end will not come.
  std::optional<model::LogLine> flush() {
    if (!open_) return std::nullopt;
    return finish();
  }

  /// A line has begun and not ended.
  bool open() const { return open_; }

 private:
  static constexpr size_t kKeptMemory = 16UL << 10;

  void begin(const Record& record) {
    if (text_.capacity() > 2 * kKeptMemory) std::string().swap(text_);
    text_.clear();
    truncated_ = false;
    stamp_ = record.stamp;
    stream_ = record.stream;
    open_ = true;
  }

  model::LogLine finish() {
    open_ = false;
    if (text_.ends_with('\r')) text_.pop_back();  // a piece that ended between a terminal's \r and \n
    return line(text_, stamp_, stream_, truncated_);
  }

  static model::LogLine line(std::string_view text, std::optional<int64_t> stamp, model::Stream stream,
                             bool truncated) {
    if (text.size() > kMaxLine) return {text.substr(0, kMaxLine), stamp, stream, true};
    return {text, stamp, stream, truncated};
  }

  std::string text_;
  std::optional<int64_t> stamp_;  ///< of the first piece
  model::Stream stream_ = model::Stream::Out;
  bool open_ = false;
  bool truncated_ = false;
};

}  // namespace benchd::logs
