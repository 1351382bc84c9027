#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "exporters/http/exchange.h"
#include "exporters/http/server.h"

namespace benchd::http {

/// Stats as the web thread counts it and any thread reads it.
struct Counters {
  static constexpr unsigned kMaxStatus = 599;

  std::atomic<uint64_t> open_connections = 0;
  std::atomic<uint64_t> accepted = 0;
  std::atomic<uint64_t> rejected = 0;
  std::atomic<uint64_t> displaced = 0;
  std::atomic<uint64_t> accept_failures = 0;
  std::atomic<uint64_t> idle_timeouts = 0;
  std::atomic<uint64_t> read_timeouts = 0;
  std::atomic<uint64_t> answer_timeouts = 0;
  std::atomic<uint64_t> write_timeouts = 0;
  std::atomic<uint64_t> faults = 0;
  std::array<std::atomic<uint64_t>, kMaxStatus + 1> responses{};
};

/// What connections need of the server; it outlives them.
struct Host {
  const Limits limits;
  struct Route {
    Handler ask;   ///< GET and HEAD; none: they are not allowed
    Handler post;  ///< likewise
  };
  std::map<std::string, Route, std::less<>> routes;
  std::shared_ptr<Mailbox> mailbox;
  Counters counters;
  std::function<void(Connection*)> closed;  ///< called once per connection, by close()
};

/// Of a client over TCP, or over a unix socket.
using Socket = boost::asio::generic::stream_protocol::socket;

/// One client, on the web thread. Keeps itself alive by the operation or timer it waits for: when nothing is pending
/// any more it is gone. Requests are read one at a time, the next after the answer to the last is written, which is
/// what keeps pipelined answers in order.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Socket socket, bool peer_is_loopback, Host& host);
  /// Closes, where an exception has kept it from that.
  ~Connection();  // NOLINT(bugprone-exception-escape): see the definition
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  Connection(Connection&&) = delete;
  Connection& operator=(Connection&&) = delete;

  /// Begins to read requests.
  void serve();
  /// Says 503 and closes.
  void reject();
  /// Answers request number `turn` if it still waits for that.
  void answer(uint64_t turn, const Response& response);
  /// Graceful stop: closes at once unless a complete request is being answered; then after the answer.
  void finish();
  /// Since when it owes a complete request; nothing while one is being answered, and of a client that is so new that
  /// its first may be under way.
  std::optional<std::chrono::steady_clock::time_point> displaceable_since() const;
  /// Closes now, whatever is pending. A second call does nothing.
  void close();

 private:
  using Error = boost::system::error_code;
  enum class Phase { Reading, Answering, Writing, Closed };

  void await_request();
  void read_first_line();
  void skip_empty_lines();
  void read_header();
  void read_body();
  void dispatch();
  void read_failed(Error error);
  void write(const Response& response, bool keep);
  void linger();
  void drain();

  Host& host_;
  boost::beast::basic_stream<boost::asio::generic::stream_protocol> stream_;
  boost::asio::steady_timer answer_timer_;
  boost::beast::flat_buffer buffer_;
  std::optional<boost::beast::http::request_parser<boost::beast::http::string_body>> parser_;
  std::string head_;                                   ///< status line and headers being written
  std::shared_ptr<const std::string> body_;            ///< being written
  std::chrono::steady_clock::time_point waits_since_;  ///< for a request, from its first byte to its last
  Phase phase_ = Phase::Reading;
  uint64_t turn_ = 0;
  size_t drained_bytes_ = 0;  ///< by linger()
  const bool peer_is_loopback_;
  bool finishing_ = false;
  bool head_only_ = false;   ///< the request is HEAD
  bool keep_alive_ = false;  ///< as far as the client is concerned
};

}  // namespace benchd::http
