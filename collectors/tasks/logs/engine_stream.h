#pragma once

#include <array>
#include <optional>
#include <string>

#include "base/fd.h"
#include "collectors/tasks/logs/engine_frames.h"
#include "collectors/tasks/logs/engine_response.h"
#include "collectors/tasks/logs/line_joiner.h"
#include "collectors/tasks/logs/log_reader.h"

namespace benchd::logs {

/// How far one stream of an engine's log is read. Engines find a place by time only, and the time is not always a
/// different one and may step back: so it is the latest stamp there was, and how many records came since the first that
/// had it, that one included.
struct StreamCursor {
  int64_t stamp = 0;  ///< nanoseconds of Unix time; 0: before everything
  uint64_t count = 0;
  friend bool operator==(const StreamCursor&, const StreamCursor&) = default;
};

/// LogPosition::place of an engine's stream. Nothing for another text.
struct StreamPlace {
  std::array<StreamCursor, 2> streams;  ///< out, error
  friend bool operator==(const StreamPlace&, const StreamPlace&) = default;
};
std::string to_text(const StreamPlace& place);
std::optional<StreamPlace> parse_stream_place(std::string_view text);

/// Follows a container's log by asking its engine, over one connection for each of its streams: the engine mixes them
/// by the time it reads them, not by their stamps.
class EngineStream : public LogReader {
 public:
  /// Its connections are added to `epoll` with `handle` as their data.
  EngineStream(base::Door& door, LogSpec spec, const model::LogPosition& from, int64_t settle, int epoll,
               LogHandle handle);

  void look(base::Instant now) override;
  bool poll(base::Instant now) override;
  Turn read(Workspace& workspace, LogHandle handle, LogListener& listener, base::Instant now) override;
  void finish() override { finishing_ = true; }
  LogStatus status() const override;

 private:
  struct Connection {
    base::Fd fd;
    EngineResponse response;
    EngineFrames frames;
    LineJoiner joiner;
    StreamCursor read;
    StreamCursor done;             ///< before the line that is not complete
    std::optional<int64_t> begun;  ///< the stamp of that line's first piece
    uint64_t pending_bytes = 0;    ///< of that line
    uint64_t to_skip = 0;          ///< records that were read before the connection was made
    bool found_place = true;       ///< the first record that may be new has come
    bool ended = false;            ///< the engine has said everything
    base::Instant retry_at = 0;
    int64_t pause = 0;
  };
  class Taker;

  void connect(Connection& connection, base::Instant now);
  void close(Connection& connection, base::Instant now);
  Turn read_some(Connection& connection, Workspace& workspace, LogHandle handle, LogListener& listener,
                 base::Instant now);
  void take(Connection& connection, const Record& record, size_t bytes, bool truncated, LogHandle handle,
            LogListener& listener);
  void complete(Connection& connection, const std::optional<model::LogLine>& line, LogHandle handle,
                LogListener& listener);
  void tell(LogHandle handle, LogListener& listener);
  Turn end(LogHandle handle, LogListener& listener);

  base::Door& door_;
  const LogSpec spec_;
  const int64_t settle_;
  const int epoll_;
  const LogHandle handle_;
  std::array<Connection, 2> connections_;  ///< out, error
  bool start_known_ = false;
  bool finishing_ = false;
  std::optional<base::Instant> quiet_since_;
  model::LogCounts counts_;
  bool moved_ = false;
  std::optional<int64_t> last_;
  std::optional<base::Error> trouble_;
};

}  // namespace benchd::logs
