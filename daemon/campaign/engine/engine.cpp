#include "daemon/campaign/engine/engine.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"
#include "daemon/campaign/engine/engine_json.h"

namespace benchd::campaign {
namespace {

using base::Error;
using base::Fd;
using base::Result;

constexpr size_t kMaxHeader = 65'536;
constexpr size_t kMaxBody = 64U << 20;
/// For what must be done whoever interrupts it.
constexpr int kPatienceMs = 30'000;

Result<Fd> connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return Error{ENAMETOOLONG, "connect to " + path};
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return base::errno_error("open a unix socket");
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return base::errno_error("connect to " + path);
  return fd;
}

bool send_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    text.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

/// {"message": …} of an error; of podman also {"cause": …}.
std::string message_in(const std::string& body) {
  std::string message = text_in(parse_json(body), "message");
  return message.empty() ? std::string(base::trim(body.substr(0, 200))) : message;
}

bool flag_in(const Json& json, const char* name, bool otherwise) {
  const Json& flag = member(json, name);
  return flag.is_boolean() ? flag.get<bool>() : otherwise;
}

EngineFacts facts_in(const std::string& info) {
  const Json json = parse_json(info);
  EngineFacts facts;
  facts.systemd = text_in(json, "CgroupDriver") == "systemd";
  if (const Json& options = member(json, "SecurityOptions"); options.is_array())
    facts.rootless = std::find(options.begin(), options.end(), "name=rootless") != options.end();
  facts.rootless = facts.rootless || flag_in(json, "Rootless", false);  // podman says it so
  facts.podman = !member(json, "BuildahVersion").is_null();
  if (facts.podman) return facts;  // 4.3 denies on cgroup v2 what it can do there
  facts.limits_memory = flag_in(json, "MemoryLimit", true);
  facts.limits_cpu = flag_in(json, "CpuCfsQuota", true);
  facts.pins_cpus = flag_in(json, "CPUSet", true);
  return facts;
}

}  // namespace

std::vector<std::string> Engine::usual_sockets() {
  std::vector<std::string> sockets;
  const char* host = std::getenv("DOCKER_HOST");
  if (host != nullptr && std::string_view(host).starts_with("unix://")) return {host + 7};
  sockets = {"/run/docker.sock", "/var/run/docker.sock", "/run/podman/podman.sock"};
  const std::string user = "/run/user/" + std::to_string(::geteuid());
  sockets.push_back(user + "/docker.sock");
  sockets.push_back(user + "/podman/podman.sock");
  return sockets;
}

Result<Engine> Engine::connect(const std::vector<std::string>& sockets, base::Interrupts& interrupts) {
  Error worst{ENOENT, fmt::format("find a container engine at {}", fmt::join(sockets, ", "))};
  for (const std::string& socket : sockets) {
    Engine engine(socket, interrupts);
    const auto info = engine.ask("GET", "/info");
    if (info.ok()) {
      engine.facts_ = facts_in(*info);
      return engine;
    }
    if (info.error().code != ENOENT) worst = info.error();
  }
  return worst;
}

/// Nothing at the end.
Result<size_t> Engine::receive(int fd, std::string& text, bool to_the_end) const {
  for (;;) {
    pollfd waits[] = {{.fd = fd, .events = POLLIN}, {.fd = to_the_end ? -1 : interrupts_->fd(), .events = POLLIN}};
    const int ready = ::poll(waits, 2, to_the_end ? kPatienceMs : -1);
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) return base::errno_error("wait for the engine");
    if (ready == 0) return Error{ETIMEDOUT, "wait for the engine at " + socket_};
    if (waits[0].revents == 0) {
      if (interrupts_->seen()) return Error{ECANCELED, "wait for the engine"};
      continue;
    }
    char piece[16384];
    const ssize_t got = ::recv(fd, piece, sizeof piece, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base::errno_error("read the engine's answer");
    text.append(piece, static_cast<size_t>(got));
    return static_cast<size_t>(got);
  }
}

Result<Engine::Answer> Engine::send(std::string_view method, const std::string& target, const std::string& body,
                                    std::string_view type) const {
  auto fd = connect_to(socket_);
  if (!fd.ok()) return fd.error();
  std::string request = fmt::format("{} {} HTTP/1.0\r\nHost: localhost\r\nUser-Agent: benchd\r\n", method, target);
  if (method != "GET") request += fmt::format("Content-Type: {}\r\nContent-Length: {}\r\n", type, body.size());
  if (!send_all(fd->get(), request + "\r\n") || !send_all(fd->get(), body))
    return base::errno_error("send a request to " + socket_);
  Answer answer;
  std::string text;
  size_t end = std::string::npos;
  while ((end = text.find("\r\n\r\n")) == std::string::npos) {
    if (text.size() > kMaxHeader) return Error{EPROTO, "read the engine's answer: its header does not end"};
    const auto got = receive(fd->get(), text, method == "DELETE");
    if (!got.ok()) return got.error();
    if (*got == 0) return Error{EPROTO, "read the engine's answer: it is cut short"};
  }
  // "HTTP/1.0 201 Created"
  std::string_view status = std::string_view(text).substr(0, text.find('\r'));
  base::cut(status, ' ');
  answer.status = base::parse_integer<int>(base::cut(status, ' ')).value_or(0);
  answer.body = text.substr(end + 4);
  answer.rest = *std::move(fd);
  return answer;
}

Result<std::string> Engine::ask(std::string_view method, const std::string& target, const std::string& body,
                                std::string_view type) const {
  auto answer = send(method, target, body, type);
  if (!answer.ok()) return answer.error();
  for (;;) {
    const auto got = receive(answer->rest.get(), answer->body, method == "DELETE");
    if (!got.ok()) return got.error();
    if (*got == 0) break;
    if (answer->body.size() > kMaxBody) return Error{EFBIG, "read the engine's answer to " + target};
  }
  if (answer->status >= 200 && answer->status < 300) return std::move(answer->body);
  return Error{answer->status == 404 ? ENOENT : EPROTO, "ask the engine: " + message_in(answer->body)};
}

Result<Engine::Stream> Engine::open(std::string_view method, const std::string& target, const std::string& body) const {
  auto answer = send(method, target, body, "application/json");
  if (!answer.ok()) return answer.error();
  if (answer->status < 200 || answer->status >= 300)
    return Error{EPROTO, "ask the engine for " + target + ": " + message_in(answer->body)};
  return Stream{std::move(answer->body), std::move(answer->rest)};
}

std::string url_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == '~';
    encoded += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

}  // namespace benchd::campaign
