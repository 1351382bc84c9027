#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/interrupts.h"
#include "base/result.h"

namespace benchd::campaign {

/// What an engine says of itself and its host.
struct EngineFacts {
  bool systemd = false;   ///< its cgroups are systemd's, else it makes them itself
  bool rootless = false;  ///< it is a user's
  bool podman = false;
  /// What its containers can be held to.
  bool limits_memory = true;
  bool limits_cpu = true;
  bool pins_cpus = true;
};

/// A Docker or podman engine that `benchd bench` makes containers with, by the rights of its user: it asks the engine's
/// socket itself, the door of the daemon lets only questions through. Source: docs.docker.com/engine/api, version 1.41.
/// Each request has a connection of its own and is HTTP/1.0, so that an answer ends with it and is never chunked. An
/// interruption ends whatever is waited for with ECANCELED, but for DELETE, which waits 30 s at most.
class Engine {
 public:
  /// The first of `sockets` that somebody answers on. `interrupts` lives longer than this.
  static base::Result<Engine> connect(const std::vector<std::string>& sockets, base::Interrupts& interrupts);
  /// Where engines listen for this user: DOCKER_HOST, else docker's and podman's usual places.
  static std::vector<std::string> usual_sockets();

  /// The answer's body, for any status of 2xx; else an Error with the engine's own message, ENOENT for 404.
  base::Result<std::string> ask(std::string_view method, const std::string& target, const std::string& body = {},
                                std::string_view type = "application/json") const;

  /// An answer that goes on.
  struct Stream {
    std::string begun;  ///< what of the body has come already
    base::Fd rest;
  };
  base::Result<Stream> open(std::string_view method, const std::string& target, const std::string& body = {}) const;

  const EngineFacts& facts() const { return facts_; }
  base::Interrupts& interrupts() const { return *interrupts_; }

 private:
  Engine(std::string socket, base::Interrupts& interrupts) : socket_(std::move(socket)), interrupts_(&interrupts) {}

  struct Answer {
    int status = 0;
    std::string body;  ///< as far as it came with the header
    base::Fd rest;
  };
  base::Result<Answer> send(std::string_view method, const std::string& target, const std::string& body,
                            std::string_view type) const;
  base::Result<size_t> receive(int fd, std::string& text, bool to_the_end) const;

  std::string socket_;
  base::Interrupts* interrupts_;
  EngineFacts facts_;
};

/// A text as it may stand in a target's path or query.
std::string url_encoded(std::string_view text);

}  // namespace benchd::campaign
