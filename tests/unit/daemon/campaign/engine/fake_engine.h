#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "support/temporary_directory.h"

namespace benchd::campaign {

/// A container engine that has nothing: it gives each request the answer it was told, "404 no such thing" else, and
/// keeps what it was asked. One request at a time.
class FakeEngine {
 public:
  struct Request {
    std::string line;  ///< "POST /containers/create?name=x"
    std::string body;
  };
  struct Answer {
    int status = 200;
    std::string body;
    std::function<void()> effect = {};  ///< done before it is given
    bool hang = false;                  ///< says nothing until the other side goes
    bool cut = false;                   ///< ends in the middle of the header
  };

  FakeEngine()
      : path_(directory_.path() + "/engine.sock"), listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    (void)::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    ::listen(listener_.get(), 16);
    answers_["GET /info"] = {.body = R"({"CgroupDriver":"cgroupfs"})"};
    thread_ = std::thread([this] { serve(); });
  }
  ~FakeEngine() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }
  FakeEngine(const FakeEngine&) = delete;
  FakeEngine& operator=(const FakeEngine&) = delete;

  const std::string& socket() const { return path_; }

  /// `begin`: of the request's line. The longest that fits is taken.
  void answer(const std::string& begin, Answer answer) {
    const std::lock_guard guard(mutex_);
    answers_[begin] = std::move(answer);
  }
  std::vector<Request> requests() const {
    const std::lock_guard guard(mutex_);
    return requests_;
  }
  /// The body of the last request that begins so; "none" if there is none.
  std::string body_of(const std::string& begin) const {
    std::string body = "none";
    for (const Request& request : requests())
      if (request.line.starts_with(begin)) body = request.body;
    return body;
  }

 private:
  void serve() {
    for (;;) {
      const base::Fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!fd) return;
      handle(fd.get());
    }
  }

  void handle(int fd) {
    std::string text;
    char piece[4096];
    size_t end = std::string::npos;
    const auto more = [&] {
      const ssize_t got = ::recv(fd, piece, sizeof piece, 0);
      if (got > 0) text.append(piece, static_cast<size_t>(got));
      return got > 0;
    };
    while ((end = text.find("\r\n\r\n")) == std::string::npos)
      if (!more()) return;
    size_t size = 0;
    if (const size_t at = text.find("Content-Length: "); at < end) size = std::stoul(text.substr(at + 16));
    while (text.size() < end + 4 + size)
      if (!more()) return;
    const std::string line = text.substr(0, text.find(" HTTP/"));
    const Answer chosen = choose({line, text.substr(end + 4)});
    if (chosen.effect) chosen.effect();
    std::string answer = "HTTP/1.0 " + std::to_string(chosen.status) + " So\r\n";
    if (chosen.hang) {
      more();
      return;
    }
    if (!chosen.cut) answer += "Content-Type: application/json\r\n\r\n" + chosen.body;
    (void)::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
  }

  Answer choose(Request request) {
    const std::lock_guard guard(mutex_);
    Answer chosen{.status = 404, .body = R"({"message":"no such thing"})"};
    size_t longest = 0;
    for (const auto& [begin, answer] : answers_)
      if (request.line.starts_with(begin) && begin.size() > longest) {
        longest = begin.size();
        chosen = answer;
      }
    requests_.push_back(std::move(request));
    return chosen;
  }

  TemporaryDirectory directory_;
  std::string path_;
  base::Fd listener_;
  mutable std::mutex mutex_;
  std::map<std::string, Answer> answers_;
  std::vector<Request> requests_;
  std::thread thread_;
};

}  // namespace benchd::campaign
