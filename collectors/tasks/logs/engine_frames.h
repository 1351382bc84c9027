#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "collectors/tasks/logs/record.h"

namespace benchd::logs {

/// Cuts the body of an engine's `/containers/ID/logs?timestamps=1` into records, as it arrives in pieces. Without a
/// terminal these are frames of {stream, 0, 0, 0, size as big-endian uint32} and a payload of "STAMP text", each a line
/// with \n or a piece of one without (moby api/pkg/stdcopy/stdcopy.go); with a terminal lines of "STAMP text\r\n".
/// Which it is shows in the first byte. Of a payload at most kMaxLine is kept.
class EngineFrames {
 public:
  struct Listener {
    virtual ~Listener() = default;
    /// `bytes` = the payload's size. A payload without a stamp, which no engine sends, has none in the record.
    virtual void record(const Record& record, size_t bytes, bool truncated) = 0;
    /// The engine says in a frame of its own that it could not read everything.
    virtual void engine_error(std::string_view text) = 0;
  };

  void take(std::string_view body, Listener& listener);

 private:
  enum class Manner : uint8_t { Unknown, Frames, Lines };
  static constexpr size_t kHeader = 8;

  void take_frames(std::string_view& body, Listener& listener);
  void take_lines(std::string_view& body, Listener& listener);
  void join_pieces();
  void keep(std::string_view payload);
  void tell(Listener& listener);

  Manner manner_ = Manner::Unknown;
  std::string header_;   ///< of the frame, as far as it came
  size_t missing_ = 0;   ///< of the payload
  std::string payload_;  ///< as far as it came, at most a stamp and kMaxLine
  size_t payload_size_ = 0;
};

}  // namespace benchd::logs
