#include "daemon/door/in_process_door.h"

#include <algorithm>
#include <cstring>
#include <initializer_list>

#include <dirent.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/file.h"
#include "base/text.h"
#include "collectors/kernel/programs/load.h"
#include "daemon/door/log_files.h"

namespace benchd::daemon {
namespace {

using base::Bundle;
using base::Engine;
using base::EngineId;
using base::Error;
using base::Fd;
using base::Result;

constexpr std::string_view kIdCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
/// What a query of ours consists of; neither blanks nor line ends, so that no second line can be smuggled in.
constexpr std::string_view kQueryCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-=&%";
constexpr size_t kMaxTarget = 4096;

bool consists_of(std::string_view text, std::string_view characters) {
  return text.find_first_not_of(characters) == std::string_view::npos;
}

std::string joined(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) text += part;
  return text;
}

bool is_socket(const std::string& path) {
  struct stat about {};
  return ::stat(path.c_str(), &about) == 0 && S_ISSOCK(about.st_mode);
}

std::vector<std::string> entries(const std::string& directory) {
  std::vector<std::string> names;
  DIR* const handle = ::opendir(directory.c_str());
  if (handle == nullptr) return names;
  while (const dirent* entry = ::readdir(handle))
    if (const std::string_view name = entry->d_name; name != "." && name != "..") names.emplace_back(name);
  ::closedir(handle);
  std::sort(names.begin(), names.end());
  return names;
}

std::string rootless_socket(const std::string& users, EngineId engine) {
  const std::string run = users + "/" + std::to_string(engine.owner);
  return run + (engine.engine == Engine::Docker ? "/docker.sock" : "/podman/podman.sock");
}

/// A connected non-blocking stream. connect() on a unix socket never sleeps when non-blocking: a listener whose queue
/// is full is EAGAIN (connect(2)).
Result<Fd> connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return Error{.code = ENAMETOOLONG, .attempt = "connect to " + path};
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);

  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return base::errno_error("open a unix socket");
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return base::errno_error("connect to " + path);
  return fd;
}

Result<Fd> open_note(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK));
  if (!fd) return base::errno_error("open " + path);
  struct stat about {};
  if (::fstat(fd.get(), &about) != 0 || !S_ISREG(about.st_mode))
    return Error{.code = EINVAL, .attempt = "open " + path + ", which is no regular file"};
  return fd;
}

/// The first of `paths` that opens; else the error that says most: EACCES rather than ENOENT.
Result<Fd> open_first(const std::vector<std::string>& paths, const std::string& what) {
  Error worst{.code = ENOENT, .attempt = "find " + what};
  for (const std::string& path : paths) {
    auto opened = open_note(path);
    if (opened.ok()) return opened;
    if (opened.error().code != ENOENT) worst = opened.error();
  }
  return worst;
}

/// /containers/ID`question`
bool asks_about_container(std::string_view path, std::string_view question) {
  constexpr std::string_view kBefore = "/containers/";
  return path.size() > kBefore.size() + question.size() && path.starts_with(kBefore) && path.ends_with(question) &&
         is_safe_id(path.substr(kBefore.size(), path.size() - kBefore.size() - question.size()));
}

}  // namespace

bool is_safe_id(std::string_view id) {
  return !id.empty() && id.size() <= 255 && consists_of(id, kIdCharacters) && !consists_of(id, ".");
}

bool is_allowed_target(std::string_view target) {
  if (target.size() > kMaxTarget) return false;
  const size_t mark = target.find('?');
  const std::string_view path = target.substr(0, mark);
  const std::string_view query = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
  if (!consists_of(query, kQueryCharacters)) return false;
  if (path == "/events" || path == "/containers/json" || asks_about_container(path, "/logs")) return true;
  return query.empty() && (path == "/version" || path == "/info" || asks_about_container(path, "/json"));
}

std::string InProcessDoor::socket_of(EngineId engine) const {
  if (engine.owner != 0) return rootless_socket(paths_.users, engine);
  const auto& candidates = engine.engine == Engine::Docker ? paths_.docker_sockets : paths_.podman_sockets;
  for (const std::string& path : candidates)
    if (is_socket(path)) return path;
  return candidates.empty() ? std::string() : candidates.front();
}

std::vector<EngineId> InProcessDoor::engines() {
  std::vector<EngineId> found;
  for (const Engine engine : {Engine::Docker, Engine::Podman})
    if (is_socket(socket_of({engine, 0}))) found.push_back({engine, 0});
  for (const std::string& user : entries(paths_.users)) {
    const auto uid = base::parse_integer<uid_t>(user);
    if (!uid || *uid == 0) continue;
    for (const Engine engine : {Engine::Docker, Engine::Podman})
      if (is_socket(rootless_socket(paths_.users, {engine, *uid}))) found.push_back({engine, *uid});
  }
  return found;
}

Result<Fd> InProcessDoor::engine_request(EngineId engine, std::string_view target) {
  if (!is_allowed_target(target)) return Error{.code = EPERM, .attempt = "ask an engine for " + std::string(target)};
  const std::string path = socket_of(engine);
  auto fd = connect_to(path);
  if (!fd.ok()) return fd;

  const std::string request = "GET " + std::string(target) +
                              " HTTP/1.1\r\nHost: localhost\r\nUser-Agent: benchd\r\n"
                              "Accept: application/json\r\nConnection: close\r\n\r\n";
  // Far smaller than the buffer of a fresh socket: all of it or an error.
  const ssize_t sent = ::send(fd->get(), request.data(), request.size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(request.size()))
    return sent < 0 ? base::errno_error("send a request to " + path)
                    : Error{.code = EAGAIN, .attempt = "send a request to " + path};
  return fd;
}

Result<base::KernelHandles> InProcessDoor::kernel() {
  return kernel::load_programs();
}

Result<Fd> InProcessDoor::open_bundle(Bundle bundle, std::string_view id) {
  if (!is_safe_id(id)) return Error{.code = EINVAL, .attempt = "open the bundle of " + std::string(id)};
  std::vector<std::string> candidates;
  switch (bundle) {
    case Bundle::Docker:
      for (const std::string& root : paths_.docker_roots)
        candidates.push_back(joined({root, "/containers/", id, "/config.v2.json"}));
      break;
    case Bundle::Containerd:
      for (const std::string& state : paths_.containerd_states) {
        const std::string tasks = state + "/io.containerd.runtime.v2.task";
        for (const std::string& space : entries(tasks))
          candidates.push_back(joined({tasks, "/", space, "/", id, "/config.json"}));
      }
      break;
    case Bundle::Crio:
      for (const std::string& storage : paths_.container_storages)
        candidates.push_back(joined({storage, "/overlay-containers/", id, "/userdata/config.json"}));
      break;
  }
  return open_first(candidates, joined({"a bundle of ", id}));
}

Result<Fd> InProcessDoor::open_log_folder(const base::LogFolder& folder) {
  return open_folder_of_logs(paths_, folder);
}

Result<Fd> InProcessDoor::open_log(const base::LogFolder& folder, std::string_view file) {
  return open_log_file(paths_, folder, file);
}

std::vector<std::string> InProcessDoor::host_logs() {
  return configured_files(paths_);
}

}  // namespace benchd::daemon
