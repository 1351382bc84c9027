#include "daemon/container_log.h"

#include <array>
#include <cerrno>

#include <poll.h>
#include <sys/socket.h>

#include "collectors/tasks/logs/engine_lines.h"
#include "collectors/tasks/logs/engine_response.h"

namespace benchd::daemon {
namespace {

using base::Done;
using base::Error;
using base::Result;

constexpr int kPatienceMilliseconds = 5'000;
constexpr unsigned kOk = 200;

std::string name_of(base::EngineId engine) {
  std::string name = engine.engine == base::Engine::Docker ? "Docker" : "podman";
  if (engine.owner != 0) name += " of user " + std::to_string(engine.owner);
  return name;
}

Result<Done> read_from(base::Door& door, base::EngineId engine, const std::string& target, logs::EngineLines& lines) {
  auto fd = door.engine_request(engine, target);
  if (!fd.ok()) return fd.error();
  logs::EngineResponse response;
  std::array<char, 64UL << 10> bytes;
  for (bool complete = false; !complete;) {
    pollfd wait{.fd = fd->get(), .events = POLLIN, .revents = 0};
    if (::poll(&wait, 1, kPatienceMilliseconds) <= 0) return Error{.code = ETIMEDOUT, .attempt = "wait for its answer"};
    const ssize_t got = ::recv(fd->get(), bytes.data(), bytes.size(), 0);
    if (got < 0) return base::errno_error("read its answer");
    if (got == 0) break;
    const auto taken = response.take({bytes.data(), static_cast<size_t>(got)}, [&](std::string_view body) {
      if (response.status() == kOk) lines.take(body);
    });
    if (!taken.ok()) return taken.error();
    complete = *taken;
  }
  if (response.status() == kOk && lines.error().empty()) return Done{};
  return Error{.code = response.status() == 404 ? ENOENT : EIO,
               .attempt = lines.error().empty() ? "it answers " + std::to_string(response.status()) : lines.error()};
}

}  // namespace

Result<Done> read_container_log(base::Door& door, const std::string& name, size_t lines,
                                const std::function<void(const model::LogLine&)>& take) {
  const std::string target =
      "/containers/" + name + "/logs?stdout=1&stderr=1&timestamps=1&tail=" + std::to_string(lines);
  std::string said;
  for (const base::EngineId engine : door.engines()) {
    logs::EngineLines taken(take);
    auto done = read_from(door, engine, target, taken);
    if (done.ok()) return done;
    said += (said.empty() ? "" : "; ") + name_of(engine) + ": " +
            (done.error().code == ENOENT ? "no such container" : done.error().message());
  }
  return Error{.code = ENOENT,
               .attempt = "find a container \"" + name + "\": " + (said.empty() ? "no engine is there" : said)};
}

}  // namespace benchd::daemon
