#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/result.h"
#include "exporters/http/message.h"

namespace benchd::http {

/// What a client may take. A figure that is exceeded costs that client its connection, nobody else anything.
struct Limits {
  /// A newcomer above this takes the place of the connection that has owed a complete request longest; where there is
  /// none, it is told 503.
  size_t connections = 64;
  std::chrono::milliseconds newcomer_grace{100};   ///< nobody takes a new client's place: its request is under way
  uint32_t header_bytes = 16 << 10;                ///< request line and headers; above: 431 and close
  uint64_t body_bytes = 64 << 10;                  ///< above: 413 and close
  std::chrono::milliseconds read_timeout{10'000};  ///< a whole request, from its first byte (a new client: from accept)
  std::chrono::milliseconds idle_timeout{120'000};   ///< between requests on a kept connection
  std::chrono::milliseconds answer_timeout{10'000};  ///< the handler; then 503 and close
  std::chrono::milliseconds write_timeout{30'000};   ///< a whole answer
  std::chrono::milliseconds linger_timeout{1'000};   ///< for the client to read an answer after which we close
  std::chrono::milliseconds stop_timeout{3'000};     ///< for running answers in stop()
};

/// What the server counted since it was made.
struct Stats {
  uint64_t open_connections = 0;
  uint64_t accepted = 0;         ///< connections, with the rejected ones
  uint64_t rejected = 0;         ///< connections above the limit
  uint64_t displaced = 0;        ///< connections without a complete request, closed for a newcomer
  uint64_t accept_failures = 0;  ///< accept(2) gave an error, mostly for want of fds
  uint64_t idle_timeouts = 0;    ///< kept connections closed for silence: ordinary
  uint64_t read_timeouts = 0;
  uint64_t answer_timeouts = 0;
  uint64_t write_timeouts = 0;
  uint64_t faults = 0;                     ///< exceptions on the web thread, each of which cost one connection or task
  std::map<unsigned, uint64_t> responses;  ///< by status; those that the server itself makes are there from the start
};

/// An HTTP/1.1 server for a few clients that are not trusted: one thread, any number of connections up to the limit,
/// keep-alive, pipelining (answers in order). An unknown path is 404, a method that a known one does not take 405.
///
/// Order of use: route() and listen(), start(), stop(). These from one thread; stats(), port() and post() from any.
class Server {
 public:
  /// `thread`: its name, of 15 characters at most.
  explicit Server(Limits limits = {}, std::string thread = "web");
  ~Server();  ///< stop()
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// GET and HEAD of exactly `path` (the part before '?') go to `handler`.
  void route(std::string path, Handler handler);
  /// So does POST of it; the request has the body then.
  void route_post(std::string path, Handler handler);

  /// Binds and listens, clients queue up until start(). "HOST:PORT" as in parse_listen_address; may be called for
  /// several addresses. A host name means its first address; no host means IPv6 and IPv4. The Error names the address.
  base::Result<base::Done> listen(const std::string& address);

  /// Likewise on a unix socket at `path`, which whoever has the rights of `mode` may connect to. What is left there of
  /// a process that is gone makes room; EADDRINUSE where one listens. stop() leaves it: the next start takes it over.
  base::Result<base::Done> listen_unix(const std::string& path, unsigned mode);

  /// The port of the first listen(); tells which one the kernel picked for port 0.
  uint16_t port() const;

  /// Called on the web thread with what an exception said that nobody caught; the server goes on. Before start().
  void on_fault(std::function<void(const std::string&)> tell);

  /// Serves on a thread of its own, with all signals blocked, until stop().
  base::Result<base::Done> start();

  /// Closes the listeners and idle connections, lets running answers finish within Limits::stop_timeout, ends the
  /// thread. For good: a stopped server is not started again.
  void stop();

  /// Runs `task` on the web thread, where handlers run too: what only they and tasks touch needs no lock. From any
  /// thread. After stop() tasks are dropped.
  void post(std::function<void()> task);
  /// The same after a time, from the web thread only; a stop() with no answer left to wait for drops it.
  void post_after(std::chrono::milliseconds delay, std::function<void()> task);

  Stats stats() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace benchd::http
