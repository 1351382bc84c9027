#include "collectors/runtimes/http_response.h"

#include <limits>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/read.hpp>

namespace benchd::runtimes {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

using base::Error;
using base::Result;
using boost::system::error_code;

constexpr size_t kMaxHeader = 65536;

Error described(const error_code& error) {
  if (error == beast::error::timeout) return {.code = ETIMEDOUT, .attempt = "read the response"};
  if (error == asio::error::operation_aborted) return {.code = ECANCELED, .attempt = "read the response"};
  if (error.category() == boost::system::system_category() || error.category() == boost::system::generic_category())
    return {.code = error.value(), .attempt = "read the response"};
  return {.code = EPROTO, .attempt = "read the response (" + error.message() + ")"};
}

}  // namespace

HttpResponse::HttpResponse(asio::io_context& io, base::Fd fd) : stream_(io), buffer_(kMaxHeader) {
  error_code error;
  stream_.socket().assign(asio::local::stream_protocol(), fd.get(), error);
  if (error)
    adopt_error_ = described(error);
  else
    fd.release();
  parser_.header_limit(kMaxHeader);
  // Pieces are handed out, not kept. (Beast 1.74 takes "none" for "nothing", where a length is given.)
  parser_.body_limit(std::numeric_limits<uint64_t>::max());
}

asio::awaitable<Result<unsigned>> HttpResponse::read_header(std::chrono::nanoseconds timeout) {
  if (adopt_error_) co_return *adopt_error_;
  error_code error;
  stream_.expires_after(timeout);
  co_await http::async_read_header(stream_, buffer_, parser_, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return described(error);
  co_return parser_.get().result_int();
}

asio::awaitable<Result<std::string_view>> HttpResponse::read_some(std::optional<std::chrono::nanoseconds> timeout) {
  if (timeout)
    stream_.expires_after(*timeout);
  else
    stream_.expires_never();
  while (!parser_.is_done()) {
    auto& body = parser_.get().body();
    body.data = piece_.data();
    body.size = piece_.size();
    error_code error;
    co_await http::async_read_some(stream_, buffer_, parser_, asio::redirect_error(asio::use_awaitable, error));
    if (error && error != http::error::need_buffer) co_return described(error);
    const size_t got = piece_.size() - body.size;
    if (got > 0) co_return std::string_view(piece_.data(), got);
  }
  co_return std::string_view();
}

void HttpResponse::cancel() {
  stream_.close();
}

asio::awaitable<Result<HttpAnswer>> read_answer(HttpResponse& response, std::chrono::nanoseconds timeout,
                                                size_t max_bytes) {
  const auto status = co_await response.read_header(timeout);
  if (!status.ok()) co_return status.error();
  HttpAnswer answer{.status = *status};
  for (;;) {
    const auto piece = co_await response.read_some(timeout);
    if (!piece.ok()) co_return piece.error();
    if (piece->empty()) co_return answer;
    if (answer.body.size() + piece->size() > max_bytes)
      co_return Error{.code = EFBIG, .attempt = "read a response of more than " + std::to_string(max_bytes) + " bytes"};
    answer.body += *piece;
  }
}

}  // namespace benchd::runtimes
