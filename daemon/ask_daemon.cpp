#include "daemon/ask_daemon.h"

#include <optional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include "exporters/http/address.h"

namespace benchd::daemon {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;

constexpr unsigned kHttp11 = 11;
constexpr uint64_t kLongest = 16UL << 20;

base::Error error_of(const boost::system::error_code& error, const std::string& attempt) {
  return {.code = error == beast::error::timeout ? ETIMEDOUT : error.value(), .attempt = attempt};
}

asio::awaitable<base::Result<std::string>> ask(http::ListenAddress address, std::string target,
                                               std::chrono::milliseconds patience) {
  if (address.host.empty() || address.host == "0.0.0.0") address.host = "127.0.0.1";
  if (address.host == "::") address.host = "::1";
  const std::string whom = "ask " + address.host + ":" + std::to_string(address.port);
  boost::system::error_code error;
  const auto done = [&] { return asio::redirect_error(asio::use_awaitable, error); };
  const auto executor = co_await asio::this_coro::executor;

  asio::ip::tcp::resolver resolver(executor);
  const auto found = co_await resolver.async_resolve(address.host, std::to_string(address.port), done());
  if (error) co_return error_of(error, whom);
  beast::tcp_stream stream(executor);
  stream.expires_after(patience);
  co_await stream.async_connect(found, done());
  if (error) co_return error_of(error, whom);
  beast::http::request<beast::http::empty_body> request(beast::http::verb::get, target, kHttp11);
  request.set(beast::http::field::host, address.host);
  request.set(beast::http::field::connection, "close");
  co_await beast::http::async_write(stream, request, done());
  if (error) co_return error_of(error, whom);
  beast::flat_buffer buffer;
  beast::http::response_parser<beast::http::string_body> response;
  response.body_limit(kLongest);
  co_await beast::http::async_read(stream, buffer, response, done());
  if (error) co_return error_of(error, whom);
  if (response.get().result() != beast::http::status::ok)
    co_return base::Error{.attempt = whom + ": it answers " + std::to_string(response.get().result_int())};
  co_return std::move(response.get().body());
}

}  // namespace

base::Result<std::string> ask_daemon(const std::string& listen_address, const std::string& target,
                                     std::chrono::milliseconds patience) {
  const auto address = http::parse_listen_address(listen_address);
  if (!address.ok()) return address.error();
  asio::io_context io(1);
  std::optional<base::Result<std::string>> answer;
  asio::co_spawn(
      io, [&]() -> asio::awaitable<void> { answer.emplace(co_await ask(*address, target, patience)); },
      [](const std::exception_ptr&) {});
  io.run();
  if (!answer) return base::Error{.attempt = "ask " + listen_address};
  return *std::move(answer);
}

}  // namespace benchd::daemon
