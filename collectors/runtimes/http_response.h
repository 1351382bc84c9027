#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>

#include "base/fd.h"
#include "base/result.h"

namespace benchd::runtimes {

/// One HTTP/1.1 response that arrives on a descriptor from the door. Bodies may be chunked, of a known length or end
/// with the connection. Memory is bounded: 64 KiB of header, 16 KiB of body at a time.
///
/// Errors: ETIMEDOUT when no byte came in time, EPROTO when what came is no HTTP or was cut short, else the socket's.
/// A coroutine that waits here must not outlive the object.
class HttpResponse {
 public:
  HttpResponse(boost::asio::io_context& io, base::Fd fd);

  /// The status code, once the header is there.
  boost::asio::awaitable<base::Result<unsigned>> read_header(std::chrono::nanoseconds timeout);

  /// The next piece of the body; empty at its end. Valid until the next call. No timeout = waits for ever.
  boost::asio::awaitable<base::Result<std::string_view>> read_some(std::optional<std::chrono::nanoseconds> timeout);

  /// Whoever waits gets ECANCELED.
  void cancel();

 private:
  using Stream = boost::beast::basic_stream<boost::asio::local::stream_protocol>;

  std::optional<base::Error> adopt_error_;
  Stream stream_;
  boost::beast::flat_buffer buffer_;
  boost::beast::http::response_parser<boost::beast::http::buffer_body> parser_;
  std::array<char, 16384> piece_{};
};

struct HttpAnswer {
  unsigned status = 0;
  std::string body;
};

/// Reads a whole response whose body has at most `max_bytes`; EFBIG beyond. Each piece must come within `timeout`.
boost::asio::awaitable<base::Result<HttpAnswer>> read_answer(HttpResponse& response, std::chrono::nanoseconds timeout,
                                                             size_t max_bytes);

}  // namespace benchd::runtimes
