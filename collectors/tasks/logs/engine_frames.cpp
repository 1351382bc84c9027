#include "collectors/tasks/logs/engine_frames.h"

#include <algorithm>

#include "base/text.h"

namespace benchd::logs {
namespace {

constexpr size_t kLongestStamp = 64;

/// Frames of type 0, standard input, are shown by no engine.
constexpr uint8_t kOut = 1;
constexpr uint8_t kError = 2;
constexpr uint8_t kEngineError = 3;

}  // namespace

void EngineFrames::take(std::string_view body, Listener& listener) {
  while (!body.empty()) {
    if (manner_ == Manner::Unknown)
      manner_ = static_cast<uint8_t>(body.front()) <= kEngineError ? Manner::Frames : Manner::Lines;
    if (manner_ == Manner::Frames)
      take_frames(body, listener);
    else
      take_lines(body, listener);
  }
}

void EngineFrames::take_frames(std::string_view& body, Listener& listener) {
  if (header_.size() < kHeader) {
    const size_t length = std::min(kHeader - header_.size(), body.size());
    header_.append(body.substr(0, length));
    body.remove_prefix(length);
    if (header_.size() < kHeader) return;
    for (size_t i = 4; i < kHeader; ++i) missing_ = missing_ << 8 | static_cast<uint8_t>(header_[i]);
    payload_.clear();
    payload_size_ = 0;
  }
  const size_t length = std::min(missing_, body.size());
  keep(body.substr(0, length));
  body.remove_prefix(length);
  missing_ -= length;
  if (missing_ == 0) tell(listener);
}

void EngineFrames::take_lines(std::string_view& body, Listener& listener) {
  const size_t end = body.find('\n');
  const size_t length = end == std::string_view::npos ? body.size() : end + 1;
  keep(body.substr(0, length));
  body.remove_prefix(length);
  if (end == std::string_view::npos) return;
  join_pieces();
  tell(listener);
  payload_.clear();
  payload_size_ = 0;
}

/// A long line comes in pieces, each behind the stamp of the first, and only the last has a line end.
void EngineFrames::join_pieces() {
  const std::string stamp = payload_.substr(0, payload_.find(' ') + 1);
  if (!parse_stamp(std::string_view(stamp).substr(0, stamp.size() - 1))) return;
  for (size_t at = stamp.size(); (at = payload_.find(stamp, at)) != std::string::npos;)
    payload_.erase(at, stamp.size());
}

void EngineFrames::keep(std::string_view payload) {
  payload_size_ += payload.size();
  payload_.append(payload.substr(0, kLongestStamp + kMaxLine - payload_.size()));
}

void EngineFrames::tell(Listener& listener) {
  const uint8_t type = manner_ == Manner::Lines ? kOut : static_cast<uint8_t>(header_[0]);
  header_.clear();
  if (type == kEngineError) {
    listener.engine_error(payload_);
    return;
  }
  const bool truncated = payload_size_ > kLongestStamp + kMaxLine;
  Record record{.stream = type == kError ? model::Stream::Error : model::Stream::Out};
  std::string_view text = payload_;
  record.stamp = parse_stamp(text.substr(0, text.find(' ')));
  if (record.stamp) base::cut(text, ' ');
  record.ends_line = text.ends_with('\n') || truncated;
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (record.ends_line && text.ends_with('\r')) text.remove_suffix(1);
  record.text = text;
  listener.record(record, payload_size_, truncated);
}

}  // namespace benchd::logs
