#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace benchd::daemon {

/// Asks a daemon over its control socket (see ControlServer), by one connection that is kept. One thread; waits for
/// each answer, 15 s at most.
class ControlClient {
 public:
  explicit ControlClient(std::string socket) : socket_(std::move(socket)) {}

  struct Answer {
    int status = 0;
    std::string body;
  };
  /// An Error: there is no answer, and nobody knows whether the daemon took what was sent.
  base::Result<Answer> ask(std::string_view method, const std::string& target, std::string_view body = {});

  const std::string& socket() const { return socket_; }

 private:
  base::Result<base::Done> connect();
  base::Result<std::string> exchange(std::string_view request);

  std::string socket_;
  base::Fd fd_;  ///< none: not connected
};

/// What an answer with another status than 200 says: ENOENT for 404, EEXIST for 409, EINVAL for what the daemon does
/// not understand; EAGAIN where it may take the same another time.
base::Error error_of(const ControlClient::Answer& answer);

}  // namespace benchd::daemon
