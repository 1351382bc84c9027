#include "collectors/tasks/logs/engine_stream.h"

#include <algorithm>
#include <utility>

#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/text.h"

namespace benchd::logs {
namespace {

constexpr std::string_view kVersion = "engine1";
constexpr int64_t kFirstPause = base::kSecond;
constexpr int64_t kLastPause = 30 * base::kSecond;
constexpr unsigned kOk = 200;
/// An engine needs longer than a file to hand out the last lines.
constexpr int64_t kSettleTimes = 10;

}  // namespace

std::string to_text(const StreamPlace& place) {
  std::string text(kVersion);
  for (const StreamCursor& cursor : place.streams) {
    text += " " + std::to_string(cursor.stamp);
    text += ":" + std::to_string(cursor.count);
  }
  return text;
}

std::optional<StreamPlace> parse_stream_place(std::string_view text) {
  if (base::cut(text, ' ') != kVersion) return std::nullopt;
  StreamPlace place;
  for (StreamCursor& cursor : place.streams) {
    std::string_view part = base::cut(text, ' ');
    const auto stamp = base::parse_integer<int64_t>(base::cut(part, ':'));
    const auto count = base::parse_integer(part);
    if (!stamp || !count) return std::nullopt;
    cursor = {*stamp, *count};
  }
  if (!text.empty()) return std::nullopt;
  return place;
}

/// Hands the records of one connection on.
class EngineStream::Taker : public EngineFrames::Listener {
 public:
  Taker(EngineStream& log, Connection& connection, LogHandle handle, LogListener& listener)
      : log_(log), connection_(connection), handle_(handle), listener_(listener) {}

  void record(const Record& record, size_t bytes, bool truncated) override {
    log_.take(connection_, record, bytes, truncated, handle_, listener_);
  }
  void engine_error(std::string_view /*text*/) override {
    ++log_.counts_.losses;
    log_.moved_ = true;
  }

 private:
  EngineStream& log_;
  Connection& connection_;
  LogHandle handle_;
  LogListener& listener_;
};

EngineStream::EngineStream(base::Door& door, LogSpec spec, const model::LogPosition& from, int64_t settle, int epoll,
                           LogHandle handle)
    : door_(door), spec_(std::move(spec)), settle_(settle), epoll_(epoll), handle_(handle) {
  const auto place = parse_stream_place(from.place);
  if (place) {
    start_known_ = true;
    for (size_t i = 0; i < connections_.size(); ++i) connections_[i].done = place->streams[i];
  } else if (!from.place.empty()) {
    ++counts_.losses;
  }
  // A place that cannot be read may have been anywhere: only what comes is certainly new.
  start_known_ = start_known_ || (from.place.empty() && !spec_.from_end);
}

void EngineStream::look(base::Instant now) {
  if (!start_known_) {
    for (Connection& connection : connections_) connection.done = {now + base::wall_offset(), 0};
    start_known_ = true;
    moved_ = true;
  }
  for (Connection& connection : connections_)
    if (!connection.fd && now >= connection.retry_at && !(finishing_ && connection.ended)) connect(connection, now);
}

/// The engine is asked from the second on in which the place is: podman takes the time for a floating-point number.
void EngineStream::connect(Connection& connection, base::Instant now) {
  const char* const stream = &connection == &connections_[0] ? "stdout" : "stderr";
  std::string target = "/containers/" + spec_.container + "/logs?follow=1&timestamps=1&" + stream + "=1";
  if (connection.done.stamp > 0) target += "&since=" + std::to_string(connection.done.stamp / base::kSecond);
  connection.response = {};
  connection.frames = {};
  connection.joiner = {};
  connection.read = connection.done;
  connection.pending_bytes = 0;
  connection.to_skip = connection.done.count;
  connection.found_place = connection.done.stamp == 0;
  connection.ended = false;

  auto fd = door_.engine_request(spec_.engine, target);
  if (!fd.ok()) {
    trouble_ = fd.error();
    close(connection, now);
    return;
  }
  connection.fd = std::move(*fd);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLRDHUP | EPOLLET;
  event.data.u64 = handle_;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fd.get(), &event) != 0)
    trouble_ = base::errno_error("watch an engine's log");
}

void EngineStream::close(Connection& connection, base::Instant now) {
  connection.fd.reset();
  connection.pause = std::clamp(connection.pause * 2, kFirstPause, kLastPause);
  connection.retry_at = now + connection.pause;
}

bool EngineStream::poll(base::Instant now) {
  look(now);
  return finishing_ || moved_;
}

LogReader::Turn EngineStream::read(Workspace& workspace, LogHandle handle, LogListener& listener, base::Instant now) {
  look(now);
  Turn turn = Turn::Waiting;
  for (Connection& connection : connections_)
    if (read_some(connection, workspace, handle, listener, now) == Turn::More) turn = Turn::More;
  tell(handle, listener);
  if (turn == Turn::More) {
    quiet_since_.reset();
    return turn;
  }
  if (!quiet_since_) quiet_since_ = now;
  const bool all_ended = connections_[0].ended && connections_[1].ended;
  if (finishing_ && (all_ended || now - *quiet_since_ >= kSettleTimes * settle_)) return end(handle, listener);
  return Turn::Waiting;
}

LogReader::Turn EngineStream::read_some(Connection& connection, Workspace& workspace, LogHandle handle,
                                        LogListener& listener, base::Instant now) {
  if (!connection.fd) return Turn::Waiting;
  ssize_t got = 0;
  do {
    got = ::recv(connection.fd.get(), workspace.bytes.data(), workspace.bytes.size(), MSG_DONTWAIT);
  } while (got < 0 && errno == EINTR);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Turn::Waiting;
  if (got <= 0) {
    connection.ended = connection.response.status() == kOk;
    close(connection, now);
    return Turn::Waiting;
  }
  Taker taker(*this, connection, handle, listener);
  const auto complete =
      connection.response.take({workspace.bytes.data(), static_cast<size_t>(got)}, [&](std::string_view body) {
        if (connection.response.status() == kOk) connection.frames.take(body, taker);
      });
  const unsigned status = connection.response.status();
  if (!complete.ok()) {
    trouble_ = complete.error();
    close(connection, now);
  } else if (status != 0 && status != kOk) {
    trouble_ = base::Error{.code = 0, .attempt = "read a log from an engine, which answered " + std::to_string(status)};
    connection.ended = true;
    close(connection, now);
  } else if (*complete) {
    connection.ended = true;
    close(connection, now);
  } else {
    trouble_.reset();
    return Turn::More;
  }
  return Turn::Waiting;
}

void EngineStream::take(Connection& connection, const Record& record, size_t bytes, bool truncated, LogHandle handle,
                        LogListener& listener) {
  if (!record.stamp) {
    ++counts_.malformed;
    moved_ = true;
    return;
  }
  if (!connection.found_place) {
    if (*record.stamp < connection.read.stamp) return;
    connection.found_place = true;
    if (*record.stamp > connection.read.stamp && connection.to_skip > 0) {
      // What was read last is not in the log any more, and what came next may have gone with it.
      connection.to_skip = 0;
      ++counts_.losses;
    }
  }
  if (connection.to_skip > 0) {
    --connection.to_skip;
    return;
  }
  connection.pause = 0;
  // The pieces of a line have one stamp with Docker. The "local" driver of 20.10 forgets the newline of the last one.
  if (spec_.engine.engine == base::Engine::Docker && connection.joiner.open() && record.stamp != connection.begun)
    complete(connection, connection.joiner.flush(), handle, listener);
  if (!connection.joiner.open()) connection.begun = record.stamp;
  if (*record.stamp > connection.read.stamp)
    connection.read = {*record.stamp, 1};
  else
    ++connection.read.count;
  connection.pending_bytes += bytes;
  moved_ = true;
  auto line = connection.joiner.take(record);
  if (line) line->truncated = line->truncated || truncated;
  complete(connection, line, handle, listener);
}

/// A line has ended, if one has.
void EngineStream::complete(Connection& connection, const std::optional<model::LogLine>& line, LogHandle handle,
                            LogListener& listener) {
  if (!line) return;
  counts_.truncated += line->truncated ? 1 : 0;
  last_ = line->stamp;
  listener.line(handle, *line);
  connection.done = connection.read;
  counts_.bytes += std::exchange(connection.pending_bytes, 0);
  moved_ = true;
}

void EngineStream::tell(LogHandle handle, LogListener& listener) {
  if (!moved_) return;
  const StreamPlace place{.streams = {connections_[0].done, connections_[1].done}};
  listener.reached(handle, {.position = {spec_.log, to_text(place)}, .counts = counts_});
  counts_ = {};
  moved_ = false;
}

LogReader::Turn EngineStream::end(LogHandle handle, LogListener& listener) {
  for (Connection& connection : connections_) complete(connection, connection.joiner.flush(), handle, listener);
  tell(handle, listener);
  return Turn::Ended;
}

LogStatus EngineStream::status() const {
  return {.present = connections_[0].fd || connections_[1].fd,
          .at_end = quiet_since_.has_value(),
          .last = last_,
          .trouble = trouble_,
          .why_no_file = spec_.why_no_file};
}

}  // namespace benchd::logs
