#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "collectors/tasks/logs/file_identity.h"
#include "collectors/tasks/logs/followed.h"
#include "collectors/tasks/logs/record.h"

namespace benchd::logs {

/// Memory that all logs share while one of them is read.
struct Workspace {
  std::vector<char> bytes = std::vector<char>(kMaxTail + kMaxLine);
  std::string text;  ///< a record's text without its escapes
};

/// Reads one log, a piece at a time.
class LogReader {
 public:
  enum class Turn : uint8_t {
    More,     ///< there is more to read now
    Waiting,  ///< not before something happens
    Ended,    ///< never again
  };

  LogReader() = default;
  LogReader(const LogReader&) = delete;
  LogReader& operator=(const LogReader&) = delete;
  virtual ~LogReader() = default;

  /// Looks whether the log has come, or is another one now.
  virtual void look(base::Instant now) = 0;

  /// Whether there may be something to read though no event told.
  virtual bool poll(base::Instant now) = 0;

  /// Reads one piece, at most kMaxLine, and tells what is in it.
  virtual Turn read(Workspace& workspace, LogHandle handle, LogListener& listener, base::Instant now) = 0;

  /// Nobody writes to the log any more: once all is read and nothing came for a while, the last line is given even if
  /// it has no end, and the log has ended.
  virtual void finish() = 0;

  virtual LogStatus status() const = 0;
};

}  // namespace benchd::logs
