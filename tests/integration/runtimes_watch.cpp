// Drives the runtime registry against real engines, without the daemon: looks at the cgroup tree every few
// milliseconds, announces each container's cgroup to the registry, and prints what comes back as one JSON object a
// line:
//   {"seen":PATH,"cgroup":N,"id":ID}   {"gone":N}   {"cgroup":N,"metadata":{…}}   {"states":[…],"events":N,"errors":N}
// runtimes_watch CGROUP-ROOT DOCKER-SOCKET PODMAN-SOCKET DOCKER-ROOT CONTAINERD-STATE; ends when its standard input
// does.

#include <cstdio>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "collectors/runtimes/path_rules.h"
#include "collectors/runtimes/registry.h"
#include "daemon/door/in_process_door.h"

namespace {

using benchd::model::Container;
using benchd::model::Metadata;
using nlohmann::json;

void print(const json& line) {
  std::puts(line.dump().c_str());
  std::fflush(stdout);
}

template <class Value>
json optional(const std::optional<Value>& value) {
  return value ? json(*value) : json();
}

json shown(const Metadata& it) {
  return {{"name", it.name},
          {"image", it.image},
          {"image_digest", it.image_digest},
          {"labels", it.labels},
          {"created", optional(it.created)},
          {"started", optional(it.started)},
          {"finished", optional(it.finished)},
          {"exit_code", optional(it.exit_code)},
          {"oom_killed", optional(it.oom_killed)},
          {"health", it.health},
          {"restarts", optional(it.restarts)},
          {"cpu_limit", optional(it.cpu_limit)},
          {"memory_limit_bytes", optional(it.memory_limit_bytes)},
          {"log_driver", it.log_driver},
          {"log_path", it.log_path},
          {"init_pid", optional(it.init_pid)}};
}

/// The containers below `root` at this moment, by cgroup id.
std::map<uint64_t, Container> containers_below(const std::string& root) {
  std::map<uint64_t, Container> found;
  std::error_code vanished;
  for (std::filesystem::recursive_directory_iterator entry(root, vanished), end; entry != end && !vanished;
       entry.increment(vanished)) {
    struct stat about {};
    if (::lstat(entry->path().c_str(), &about) != 0 || !S_ISDIR(about.st_mode)) continue;
    const std::string path = entry->path().string().substr(root.size());
    if (auto match = benchd::runtimes::match_path(path))
      found[about.st_ino] = {
          .cgroup_id = about.st_ino, .path = path, .match = *match, .first_seen = benchd::base::now()};
  }
  return found;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 6) {
    std::fputs("usage: runtimes_watch CGROUP-ROOT DOCKER-SOCKET PODMAN-SOCKET DOCKER-ROOT CONTAINERD-STATE\n", stderr);
    return 2;
  }
  const std::string root = arguments[1];
  benchd::daemon::InProcessDoor door({.docker_sockets = {arguments[2]},
                                      .podman_sockets = {arguments[3]},
                                      .users = "/nonexistent",
                                      .docker_roots = {arguments[4]},
                                      .containerd_states = {arguments[5]},
                                      .container_storages = {}});
  boost::asio::io_context io;
  benchd::runtimes::Registry registry(io, door, {.request_timeout = std::chrono::seconds(1)});
  std::thread runtime_thread([&io] { io.run(); });

  std::map<uint64_t, Container> known;
  std::vector<benchd::runtimes::Update> updates;
  json last_states;
  pollfd input{.fd = STDIN_FILENO, .events = POLLIN};
  while (::poll(&input, 1, 5) == 0) {
    const auto now = containers_below(root);
    for (const auto& [id, container] : now) {
      if (!known.emplace(id, container).second) continue;
      print({{"seen", container.path}, {"cgroup", id}, {"id", container.match.runtime_id}});
      registry.wanted(container);
    }
    // A finished container stays wanted, as the daemon keeps it for the retention: its exit code comes after its
    // cgroup.
    static std::set<uint64_t> gone;
    for (const auto& [id, container] : known)
      if (now.count(id) == 0 && gone.insert(id).second) print({{"gone", id}});

    registry.take_updates(updates);
    for (const auto& update : updates) print({{"cgroup", update.cgroup_id}, {"metadata", shown(*update.metadata)}});

    const auto status = registry.status();
    json states = json::array();
    for (const auto& state : status.states) states.push_back({{"subject", state.subject}, {"found", state.found}});
    if (states != last_states) {
      print({{"states", states}, {"events", status.events}, {"errors", status.errors}});
      last_states = std::move(states);
    }
  }
  io.stop();
  runtime_thread.join();
}
