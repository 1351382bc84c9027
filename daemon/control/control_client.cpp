#include "daemon/control/control_client.h"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/text.h"

namespace benchd::daemon {
namespace {

using base::Done;
using base::Error;
using base::Result;

constexpr timeval kPatience{.tv_sec = 15};
constexpr std::string_view kHeaderEnd = "\r\n\r\n";
constexpr std::string_view kLength = "Content-Length: ";
constexpr size_t kMaxHeader = 16 << 10;

/// "HTTP/1.1 200 OK"
int status_in(std::string_view header) {
  std::string_view line = base::cut(header, '\r');
  base::cut(line, ' ');
  return base::parse_integer<int>(base::cut(line, ' ')).value_or(0);
}

/// The server's answers all say it, spelt so.
std::optional<size_t> length_in(std::string_view header) {
  const size_t at = header.find(kLength);
  if (at == std::string_view::npos) return std::nullopt;
  header.remove_prefix(at + kLength.size());
  return base::parse_integer<size_t>(base::cut(header, '\r'));
}

/// {"error": …}
std::string reason_in(const std::string& body) {
  const auto json = nlohmann::json::parse(body, nullptr, false);
  if (json.is_object() && json.contains("error") && json["error"].is_string()) return json["error"];
  return std::string(base::trim(body));
}

int code_of(int status) {
  switch (status) {
    case 400:
    case 405:
    case 413:
      return EINVAL;
    case 404:
      return ENOENT;
    case 409:
      return EEXIST;
    default:
      return EAGAIN;
  }
}

}  // namespace

Result<Done> ControlClient::connect() {
  const std::string attempt = "connect to the daemon at " + socket_;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_.size() >= sizeof address.sun_path) return Error{.code = ENAMETOOLONG, .attempt = attempt};
  std::memcpy(address.sun_path, socket_.c_str(), socket_.size() + 1);
  base::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return base::errno_error(attempt);
  for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO})
    ::setsockopt(fd.get(), SOL_SOCKET, option, &kPatience, sizeof kPatience);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return base::errno_error(attempt);
  fd_ = std::move(fd);
  return Done{};
}

Result<std::string> ControlClient::exchange(std::string_view request) {
  const std::string about = "ask the daemon at " + socket_;
  while (!request.empty()) {
    const ssize_t sent = ::send(fd_.get(), request.data(), request.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return base::errno_error(about);
    request.remove_prefix(static_cast<size_t>(sent));
  }
  std::string text;
  std::optional<size_t> whole;
  char piece[16384];
  while (!whole || text.size() < *whole) {
    const ssize_t got = ::recv(fd_.get(), piece, sizeof piece, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base::errno_error(about);
    if (got == 0) return Error{.code = ECONNRESET, .attempt = about};
    text.append(piece, static_cast<size_t>(got));
    const size_t end = text.find(kHeaderEnd);
    if (whole || (end == std::string::npos && text.size() < kMaxHeader)) continue;
    const auto length = length_in(std::string_view(text).substr(0, end));
    if (end == std::string::npos || !length) return Error{.code = EPROTO, .attempt = about};
    whole = end + kHeaderEnd.size() + *length;
  }
  return text;
}

Result<ControlClient::Answer> ControlClient::ask(std::string_view method, const std::string& target,
                                                 std::string_view body) {
  const bool was_connected = static_cast<bool>(fd_);
  if (!was_connected)
    if (const auto connected = connect(); !connected.ok()) return connected.error();
  std::string request =
      fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n", method, target, body.size());
  request += body;
  auto text = exchange(request);
  if (!text.ok() && was_connected) {
    // The daemon closes connections that were silent for long.
    if (const auto connected = connect(); !connected.ok()) return connected.error();
    text = exchange(request);
  }
  if (!text.ok()) {
    fd_.reset();
    return text.error();
  }
  Answer answer{.status = status_in(*text), .body = text->substr(text->find(kHeaderEnd) + kHeaderEnd.size())};
  // After some of them the daemon closes; a new connection costs little.
  if (answer.status != 200) fd_.reset();
  return answer;
}

Error error_of(const ControlClient::Answer& answer) {
  return {.code = code_of(answer.status), .attempt = "the daemon: " + reason_in(answer.body)};
}

}  // namespace benchd::daemon
