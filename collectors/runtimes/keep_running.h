#pragma once

#include <chrono>
#include <exception>
#include <functional>
#include <string>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace benchd::runtimes {

/// Runs `coroutine` on `io` until it returns. An exception must not end it unseen: `failed` is told what it said, and
/// after `pause` the coroutine begins anew. Whatever `failed` throws comes out of io.run(). `timer` outlives it;
/// cancelling it ends the pause.
template <class Coroutine>
void keep_running(boost::asio::io_context& io, boost::asio::steady_timer& timer, std::chrono::nanoseconds pause,
                  Coroutine coroutine, std::function<void(const std::string&)> failed) {
  namespace asio = boost::asio;
  const auto loop = [&timer, pause, coroutine = std::move(coroutine),
                     failed = std::move(failed)]() -> asio::awaitable<void> {
    for (;;) {
      try {
        co_await coroutine();
        co_return;
      } catch (const std::exception& exception) {
        failed(exception.what());
      }
      timer.expires_after(pause);
      boost::system::error_code ignored;
      co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
  };
  asio::co_spawn(io, loop, [](const std::exception_ptr& exception) {
    if (exception) std::rethrow_exception(exception);
  });
}

}  // namespace benchd::runtimes
