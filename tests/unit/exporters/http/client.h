#pragma once

#include <map>
#include <string>
#include <string_view>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/fd.h"

namespace benchd::http {

/// A client that does exactly what a test says, also what no decent client would.
class Client {
 public:
  explicit Client(uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    // A server that hangs shall fail the test, not hang it.
    const timeval patience{.tv_sec = 60, .tv_usec = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    connected_ = ::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }

  bool connected() const { return connected_; }

  /// False when the server closed the connection before all was sent.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }
  bool get(const std::string& path) { return send("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n"); }

  struct Answer {
    int status = 0;  ///< 0: the connection ended before a whole answer came
    std::map<std::string, std::string> headers;
    std::string body;
  };
  /// The next answer; `head_only` as for HEAD.
  Answer receive(bool head_only = false) {
    size_t end = 0;
    while ((end = pending_.find("\r\n\r\n")) == std::string::npos)
      if (!receive_more()) return {};
    Answer answer;
    std::string_view head = std::string_view(pending_).substr(0, end + 2);
    answer.status = std::atoi(std::string(head.substr(9, 3)).c_str());
    head.remove_prefix(head.find("\r\n") + 2);
    while (!head.empty()) {
      const std::string_view line = head.substr(0, head.find("\r\n"));
      answer.headers[std::string(line.substr(0, line.find(": ")))] = line.substr(line.find(": ") + 2);
      head.remove_prefix(line.size() + 2);
    }
    pending_.erase(0, end + 4);
    if (answer.status == 100 || head_only) return answer;
    const auto length = static_cast<size_t>(std::atol(answer.headers["Content-Length"].c_str()));
    while (pending_.size() < length)
      if (!receive_more()) return {};
    answer.body = pending_.substr(0, length);
    pending_.erase(0, length);
    return answer;
  }

  /// True when the server ends the connection and nothing came before that.
  bool sees_end() { return pending_.empty() && !receive_more() && errno_ != EAGAIN; }

  void shut_down_sending() { ::shutdown(fd_.get(), SHUT_WR); }
  /// Closes so that the server gets a reset.
  void reset() {
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    fd_.reset();
  }
  int fd() const { return fd_.get(); }

 private:
  bool receive_more() {
    char bytes[65536];
    const ssize_t got = ::recv(fd_.get(), bytes, sizeof bytes, 0);
    errno_ = got < 0 ? errno : 0;
    if (got > 0) pending_.append(bytes, static_cast<size_t>(got));
    return got > 0;
  }

  base::Fd fd_;
  bool connected_ = false;
  int errno_ = 0;
  std::string pending_;
};

}  // namespace benchd::http
