// Follows the logs of real engines' containers, without the daemon: every Docker container's file from the moment its
// folder is made, and what standard input asks for, one a line:
//   engine ID PLACE | podman ID PLACE | file ID PLACE      PLACE may be missing; file = podman's k8s-file
//   finish
// Prints what it reads as one JSON object a line:
//   {"log":LOG,"line":TEXT,"stream":"out"|"error"}   {"log":LOG,"place":PLACE,"losses":N}   {"log":LOG,"ended":true}
// logs_watch DOCKER-SOCKET PODMAN-SOCKET DOCKER-ROOT CONTAINER-STORAGE; `finish` lets all logs end, and then it ends.

#include <cstdio>
#include <iostream>
#include <map>
#include <sstream>
#include <string>

#include <nlohmann/json.hpp>
#include <poll.h>
#include <unistd.h>

#include "collectors/tasks/logs/container_folders.h"
#include "collectors/tasks/logs/follower.h"
#include "collectors/tasks/logs/sources.h"
#include "daemon/door/in_process_door.h"

namespace {

using namespace benchd;
using nlohmann::json;

void print(const json& line) {
  std::puts(line.dump(-1, ' ', false, json::error_handler_t::replace).c_str());
  std::fflush(stdout);
}

class Watch : public logs::LogListener {
 public:
  explicit Watch(daemon::DoorPaths paths) : door_(std::move(paths)), follower_(door_), folders_(door_) {}

  void run() {
    std::string commands;
    while (!finishing_ || follower_.size() > 0) {
      pollfd ready[] = {{follower_.fd(), POLLIN, 0}, {folders_.fd(), POLLIN, 0}, {finishing_ ? -1 : 0, POLLIN, 0}};
      ::poll(ready, 3, 100);
      const base::Instant now = base::now();
      take(folders_.dispatch(), now);
      if (now >= follower_.next_sweep()) {
        take(folders_.sweep(), now);
        follower_.sweep(now);
      }
      follower_.dispatch(now);
      while (follower_.read(*this, now, base::now() + 20 * base::kMillisecond)) take(folders_.dispatch(), now);
      if (ready[2].revents != 0) take_commands(commands, now);
    }
  }

  void line(logs::LogHandle log, const model::LogLine& line) override {
    print({{"log", names_[log]}, {"line", line.text}, {"stream", line.stream == model::Stream::Out ? "out" : "error"}});
  }
  void reached(logs::LogHandle log, const logs::Reached& reached) override {
    print({{"log", names_[log]}, {"place", reached.position.place}, {"losses", reached.counts.losses}});
  }
  void ended(logs::LogHandle log) override { print({{"log", names_[log]}, {"ended", true}}); }

 private:
  void follow(const logs::LogSpec& spec, const std::string& place, base::Instant now) {
    names_[follower_.follow(spec, {spec.log, place}, now)] = spec.log;
  }

  void take(const std::vector<logs::ContainerFolders::Change>& changes, base::Instant now) {
    for (const auto& change : changes)
      if (change.made) follow(logs::docker_log(change.id), "", now);
  }

  void take_commands(std::string& commands, base::Instant now) {
    char bytes[4096];
    const ssize_t got = ::read(0, bytes, sizeof bytes);
    commands.append(bytes, got > 0 ? static_cast<size_t>(got) : 0);
    for (size_t end; (end = commands.find('\n')) != std::string::npos; commands.erase(0, end + 1))
      take_command(commands.substr(0, end), now);
    if (got <= 0) finish();
  }

  void take_command(const std::string& command, base::Instant now) {
    std::istringstream words(command);
    std::string what;
    std::string id;
    std::string place;
    words >> what >> id;
    std::getline(words >> std::ws, place);
    if (what == "finish") finish();
    const auto engine = what == "podman" ? base::Engine::Podman : base::Engine::Docker;
    if (what == "engine" || what == "podman")
      follow({.log = what + ":" + id, .kind = logs::LogKind::EngineStream, .container = id, .engine = {engine, 0}},
             place, now);
    if (what == "file")
      follow({.log = "file:" + id,
              .kind = logs::LogKind::Cri,
              .folder = {.home = base::LogHome::Storage, .name = id},
              .file = "ctr.log"},
             place, now);
  }

  void finish() {
    finishing_ = true;
    for (const auto& [handle, name] : names_) follower_.finish(handle);
  }

  daemon::InProcessDoor door_;
  logs::Follower follower_;
  logs::ContainerFolders folders_;
  std::map<logs::LogHandle, std::string> names_;
  bool finishing_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  Watch({.docker_sockets = {argv[1]},
         .podman_sockets = {argv[2]},
         .users = "/nonexistent",
         .docker_roots = {argv[3]},
         .container_storages = {argv[4]}})
      .run();
}
