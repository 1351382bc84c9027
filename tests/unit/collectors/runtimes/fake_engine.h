#pragma once

#include <atomic>
#include <cstring>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/fd.h"

namespace benchd::runtimes {

/// An engine that does to its client whatever a test wants: listens on a unix socket, reads one request per connection
/// and hands it to `answer` on a thread of its own. A connection is closed when `answer` returns.
class FakeEngine {
 public:
  class Connection {
   public:
    Connection(int fd, const std::atomic<bool>& over) : fd_(fd), over_(over) {}
    /// False once the client is gone or the test is over.
    bool send(std::string_view text) {
      while (!text.empty() && !over_) {
        const ssize_t sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN) return false;
        if (sent > 0)
          text.remove_prefix(static_cast<size_t>(sent));
        else if (!pause())
          return false;
      }
      return !over_;
    }
    bool send_chunk(const std::string& body) {
      char size[32];
      std::snprintf(size, sizeof size, "%zx\r\n", body.size());
      return send(size + body + "\r\n");
    }
    /// Until the client goes or the test is over.
    void hang() {
      while (pause()) {
      }
    }

   private:
    /// A moment, cut short when the client hangs up.
    bool pause() {
      pollfd client{.fd = fd_, .events = POLLRDHUP};
      ::poll(&client, 1, 5);
      return !over_ && (client.revents & (POLLRDHUP | POLLHUP | POLLERR)) == 0;
    }
    int fd_;
    const std::atomic<bool>& over_;
  };

  using Answer = std::function<void(const std::string& target, Connection&)>;

  FakeEngine(const std::string& path, Answer answer) : answer_(std::move(answer)) {
    ::unlink(path.c_str());
    listener_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{.sun_family = AF_UNIX};
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0)
        << std::strerror(errno);
    EXPECT_EQ(::listen(listener_.get(), 64), 0);
    acceptor_ = std::thread([this] { accept_all(); });
  }

  ~FakeEngine() {
    over_ = true;
    acceptor_.join();
    for (std::thread& thread : threads_) thread.join();
  }

  /// Every target asked for until now.
  std::vector<std::string> targets() const {
    const std::lock_guard lock(mutex_);
    return targets_;
  }
  size_t count(std::string_view prefix) const {
    size_t found = 0;
    for (const std::string& target : targets()) found += target.starts_with(prefix) ? 1U : 0U;
    return found;
  }

  static std::string with_length(const std::string& body, const std::string& status = "200 OK") {
    return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  static std::string chunked_header() { return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"; }

 private:
  void accept_all() {
    while (!over_) {
      pollfd waiting{.fd = listener_.get(), .events = POLLIN};
      if (::poll(&waiting, 1, 5) <= 0) continue;
      const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (fd >= 0) threads_.emplace_back([this, fd] { serve(base::Fd(fd)); });
    }
  }

  void serve(base::Fd fd) {
    std::string request;
    while (!over_ && request.find("\r\n\r\n") == std::string::npos) {
      pollfd client{.fd = fd.get(), .events = POLLIN};
      if (::poll(&client, 1, 5) <= 0) continue;
      char piece[4096];
      const ssize_t got = ::recv(fd.get(), piece, sizeof piece, 0);
      if (got <= 0) return;
      request.append(piece, static_cast<size_t>(got));
    }
    if (over_) return;
    const size_t from = request.find(' ') + 1;
    const std::string target = request.substr(from, request.find(' ', from) - from);
    {
      const std::lock_guard lock(mutex_);
      targets_.push_back(target);
    }
    Connection connection(fd.get(), over_);
    answer_(target, connection);
  }

  const Answer answer_;
  std::atomic<bool> over_ = false;
  base::Fd listener_;
  std::thread acceptor_;
  std::list<std::thread> threads_;
  mutable std::mutex mutex_;
  std::vector<std::string> targets_;
};

}  // namespace benchd::runtimes
