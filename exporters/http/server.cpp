#include "exporters/http/server.h"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <deque>
#include <exception>
#include <set>
#include <system_error>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "exporters/http/address.h"
#include "exporters/http/connection.h"

namespace benchd::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

/// Accepted in one go; then the clients that are already here have their turn.
constexpr int kAcceptBatch = 16;
/// How long accepting rests when there are no fds left.
constexpr std::chrono::milliseconds kAcceptRest{100};
/// Statuses that the server itself answers with.
constexpr unsigned kOwnStatuses[] = {200, 400, 404, 405, 413, 431, 500, 503};

void set_option(int socket, int level, int option, int value) {
  ::setsockopt(socket, level, option, &value, sizeof value);  // an option that does not take is no reason to refuse
}

/// A socket that listens, or the errno.
base::Result<base::Fd> open_listener(const tcp::endpoint& endpoint, const std::string& attempt) {
  // By hand, because Asio does not ask for CLOEXEC.
  base::Fd fd(::socket(endpoint.data()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (!fd) return base::errno_error(attempt);
  set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  // "[::]" means both families, as in exporters written in Go, whatever net.ipv6.bindv6only says.
  if (endpoint.address().is_v6()) set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 0);
  if (::bind(fd.get(), endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0 ||
      ::listen(fd.get(), SOMAXCONN) != 0)
    return base::errno_error(attempt);
  return fd;
}

/// Whether a process listens at `path`.
bool is_answered(const sockaddr_un& address) {
  const base::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  return fd && (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
                errno == EAGAIN);  // its queue is full
}

/// A unix socket that listens, and the lock of "PATH-lock" that whoever makes one must have: two that start at once
/// would remove each other's.
base::Result<std::pair<base::Fd, base::Fd>> open_unix_listener(const std::string& path, unsigned mode) {
  const std::string attempt = "listen on " + path;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return base::Error{.code = ENAMETOOLONG, .attempt = attempt};
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  base::Fd lock(::open((path + "-lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock) return base::errno_error(attempt);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0 || is_answered(address))
    return base::Error{.code = EADDRINUSE, .attempt = attempt};
  base::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return base::errno_error(attempt);
  struct stat there {};
  if (::lstat(path.c_str(), &there) == 0 && S_ISSOCK(there.st_mode)) ::unlink(path.c_str());
  // With its mode from the first moment on: nobody connects to it before it listens.
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::chmod(path.c_str(), mode) != 0 || ::listen(fd.get(), SOMAXCONN) != 0)
    return base::errno_error(attempt);
  return std::pair{std::move(fd), std::move(lock)};
}

/// The endpoints to try in turn.
base::Result<std::vector<tcp::endpoint>> candidates(asio::io_context& context, const ListenAddress& address,
                                                    const std::string& attempt) {
  if (address.host.empty()) return std::vector{tcp::endpoint(tcp::v6(), address.port), {tcp::v4(), address.port}};
  boost::system::error_code error;
  const auto literal = asio::ip::make_address(address.host, error);
  if (!error) return std::vector{tcp::endpoint(literal, address.port)};
  tcp::resolver resolver(context);
  const auto found =
      resolver.resolve(address.host, std::to_string(address.port), tcp::resolver::numeric_service, error);
  if (error) return base::Error{.attempt = attempt + ": " + error.message()};
  return std::vector{found.begin()->endpoint()};
}

bool is_loopback(const asio::generic::stream_protocol::endpoint& peer) {
  if (peer.protocol().family() == AF_UNIX) return true;
  tcp::endpoint endpoint;
  if (peer.size() > endpoint.capacity()) return false;
  std::memcpy(endpoint.data(), peer.data(), peer.size());
  const asio::ip::address address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).is_loopback();
  return address.is_loopback();
}

}  // namespace

class Server::Impl {
 public:
  Impl(Limits limits, std::string thread)
      : thread_name_(std::move(thread)), host_{.limits = limits, .mailbox = std::make_shared<Mailbox>(context_)} {
    host_.closed = [this](Connection* connection) { forget(connection); };
  }
  ~Impl() {
    stop();
    host_.mailbox->close();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void route(std::string path, Handler handler) { host_.routes[std::move(path)].ask = std::move(handler); }
  void route_post(std::string path, Handler handler) { host_.routes[std::move(path)].post = std::move(handler); }
  base::Result<base::Done> listen(const std::string& text);
  base::Result<base::Done> listen_unix(const std::string& path, unsigned mode);
  base::Result<base::Done> start();
  void stop();
  uint16_t port() const { return port_; }
  void post(std::function<void()> task) { host_.mailbox->post(std::move(task)); }
  void post_after(std::chrono::milliseconds delay, std::function<void()> task);
  void on_fault(std::function<void(const std::string&)> tell) { tell_fault_ = std::move(tell); }
  Stats stats() const;

 private:
  struct Listener {
    asio::generic::stream_protocol protocol;
    asio::posix::stream_descriptor socket;
    asio::steady_timer rest;
  };

  void run();
  void note_fault(const std::exception& fault);
  void await_clients(Listener& listener);
  void accept_clients(Listener& listener);
  void admit(Socket socket, bool peer_is_loopback);
  base::Result<base::Done> add_listener(const asio::generic::stream_protocol& protocol, base::Fd fd,
                                        const std::string& attempt);
  void displace_one();
  void forget(Connection* connection);
  void begin_stop();
  void end_stop_when_done();
  template <class Visit>
  void for_each_connection(Visit visit);

  const std::string thread_name_;
  asio::io_context context_{1};  // first: everything else refers to it
  Host host_;
  asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
  std::deque<Listener> listeners_;
  asio::steady_timer stop_timer_{context_};
  std::set<std::shared_ptr<asio::steady_timer>> delayed_;  ///< of post_after()
  bool stopping_ = false;
  std::function<void(const std::string&)> tell_fault_;
  std::set<Connection*> served_;
  std::set<Connection*> rejected_;
  uint16_t port_ = 0;
  std::vector<base::Fd> locks_;  ///< of listen_unix()
  std::thread thread_;
};

base::Result<base::Done> Server::Impl::listen(const std::string& text) {
  const auto address = parse_listen_address(text);
  if (!address) return address.error();
  const std::string attempt = "listen on " + text;
  const auto endpoints = candidates(context_, *address, attempt);
  if (!endpoints) return endpoints.error();

  base::Result<base::Fd> fd = base::Error{.attempt = attempt};
  tcp protocol = tcp::v4();
  for (const tcp::endpoint& endpoint : *endpoints) {
    protocol = endpoint.protocol();
    fd = open_listener(endpoint, attempt);
    // Only a host without IPv6 is a reason to try IPv4 alone: a port in use is in use.
    if (fd || (fd.error().code != EAFNOSUPPORT && fd.error().code != EADDRNOTAVAIL)) break;
  }
  if (!fd) return fd.error();

  if (listeners_.empty()) {
    tcp::endpoint bound;
    auto length = static_cast<socklen_t>(bound.capacity());
    if (::getsockname(fd->get(), bound.data(), &length) == 0) port_ = bound.port();
  }
  return add_listener(protocol, *std::move(fd), attempt);
}

base::Result<base::Done> Server::Impl::listen_unix(const std::string& path, unsigned mode) {
  auto opened = open_unix_listener(path, mode);
  if (!opened) return opened.error();
  auto& [fd, lock] = *opened;
  locks_.push_back(std::move(lock));
  return add_listener({AF_UNIX, 0}, std::move(fd), "listen on " + path);
}

base::Result<base::Done> Server::Impl::add_listener(const asio::generic::stream_protocol& protocol, base::Fd fd,
                                                    const std::string& attempt) {
  asio::posix::stream_descriptor socket(context_);
  boost::system::error_code error;
  socket.assign(fd.get(), error);
  if (error) return base::Error{.code = error.value(), .attempt = attempt};
  fd.release();
  listeners_.push_back({protocol, std::move(socket), asio::steady_timer(context_)});
  return base::Done{};
}

base::Result<base::Done> Server::Impl::start() {
  for (Listener& listener : listeners_) await_clients(listener);
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  base::Result<base::Done> result = base::Done{};
  try {
    thread_ = std::thread([this] {
      ::pthread_setname_np(::pthread_self(), thread_name_.c_str());
      run();
    });
  } catch (const std::system_error& failure) {
    result = base::Error{.code = failure.code().value(), .attempt = "start the web thread"};
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return result;
}

/// An exception, that is want of memory or a mistake of ours, costs the connection or task that it came from: what it
/// held is given back while it passes, and the client is told 500 or loses the connection.
void Server::Impl::run() {
  for (;;) {
    try {
      context_.run();
      return;
    } catch (const std::exception& fault) {
      note_fault(fault);
    }
  }
}

void Server::Impl::note_fault(const std::exception& fault) {
  host_.counters.faults.fetch_add(1, std::memory_order_relaxed);
  if (tell_fault_) tell_fault_(fault.what());
}

void Server::Impl::await_clients(Listener& listener) {
  listener.socket.async_wait(asio::posix::stream_descriptor::wait_read,
                             [this, &listener](boost::system::error_code error) {
                               if (!error) accept_clients(listener);
                             });
}

void Server::Impl::accept_clients(Listener& listener) {
  for (int i = 0; i < kAcceptBatch && listener.socket.is_open(); ++i) {
    asio::generic::stream_protocol::endpoint peer;
    auto length = static_cast<socklen_t>(peer.capacity());
    base::Fd fd(::accept4(listener.socket.native_handle(), peer.data(), &length, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd) {
      peer.resize(length);
      if (listener.protocol.family() != AF_UNIX) set_option(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1);
      Socket socket(context_);
      boost::system::error_code error;
      socket.assign(listener.protocol, fd.get(), error);
      if (error) continue;
      fd.release();
      try {
        admit(std::move(socket), is_loopback(peer));
      } catch (const std::exception& fault) {
        note_fault(fault);  // here, lest the listener is never waited for again
      }
      continue;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) break;
    host_.counters.accept_failures.fetch_add(1, std::memory_order_relaxed);
    if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM) continue;  // that client's trouble
    // The listener stays readable: without a rest this would spin.
    listener.rest.expires_after(kAcceptRest);
    listener.rest.async_wait([this, &listener](boost::system::error_code error) {
      if (!error) await_clients(listener);
    });
    return;
  }
  await_clients(listener);
}

void Server::Impl::admit(Socket socket, bool peer_is_loopback) {
  host_.counters.accepted.fetch_add(1, std::memory_order_relaxed);
  if (served_.size() >= host_.limits.connections) displace_one();
  const bool full = served_.size() >= host_.limits.connections;
  if (full) host_.counters.rejected.fetch_add(1, std::memory_order_relaxed);
  // Saying 503 takes a connection too; so many of those at once are no people, and are just closed.
  if (full && rejected_.size() >= host_.limits.connections) return;

  const auto connection = std::make_shared<Connection>(std::move(socket), peer_is_loopback, host_);
  (full ? rejected_ : served_).insert(connection.get());
  host_.counters.open_connections.store(served_.size(), std::memory_order_relaxed);
  if (full) {
    connection->reject();
  } else {
    connection->serve();
  }
}

/// A dozen browser tabs left open must not keep Prometheus out, nor clients that never ask.
void Server::Impl::displace_one() {
  Connection* longest = nullptr;
  for (Connection* connection : served_) {
    const auto since = connection->displaceable_since();
    if (since && (longest == nullptr || *since < longest->displaceable_since())) longest = connection;
  }
  if (longest == nullptr) return;
  host_.counters.displaced.fetch_add(1, std::memory_order_relaxed);
  longest->close();
}

void Server::Impl::forget(Connection* connection) {
  if (served_.erase(connection) == 0) rejected_.erase(connection);
  host_.counters.open_connections.store(served_.size(), std::memory_order_relaxed);
  end_stop_when_done();
}

void Server::Impl::post_after(std::chrono::milliseconds delay, std::function<void()> task) {
  const auto timer = std::make_shared<asio::steady_timer>(context_, delay);
  delayed_.insert(timer);
  timer->async_wait([this, timer, task = std::move(task)](boost::system::error_code error) {
    delayed_.erase(timer);
    if (!error) task();
  });
}

template <class Visit>
void Server::Impl::for_each_connection(Visit visit) {
  std::vector<Connection*> all(served_.begin(), served_.end());  // visiting may close, closing forgets
  all.insert(all.end(), rejected_.begin(), rejected_.end());
  for (Connection* connection : all) visit(*connection);
}

void Server::Impl::begin_stop() {
  stopping_ = true;
  work_.reset();
  boost::system::error_code ignored;
  for (Listener& listener : listeners_) {
    listener.socket.close(ignored);
    listener.rest.cancel();
  }
  stop_timer_.expires_after(host_.limits.stop_timeout);
  stop_timer_.async_wait([this](boost::system::error_code error) {
    if (!error) for_each_connection([](Connection& connection) { connection.close(); });
  });
  for_each_connection([](Connection& connection) { connection.finish(); });
  end_stop_when_done();
}

/// The thread ends when nothing is pending: no connection, no timer.
void Server::Impl::end_stop_when_done() {
  if (!stopping_ || !served_.empty() || !rejected_.empty()) return;
  stop_timer_.cancel();
  for (const auto& timer : delayed_) timer->cancel();
}

void Server::Impl::stop() {
  if (!thread_.joinable()) return;
  asio::post(context_, [this] { begin_stop(); });
  thread_.join();
}

Stats Server::Impl::stats() const {
  const auto load = [](const std::atomic<uint64_t>& counter) { return counter.load(std::memory_order_relaxed); };
  const Counters& counters = host_.counters;
  Stats stats{.open_connections = load(counters.open_connections),
              .accepted = load(counters.accepted),
              .rejected = load(counters.rejected),
              .displaced = load(counters.displaced),
              .accept_failures = load(counters.accept_failures),
              .idle_timeouts = load(counters.idle_timeouts),
              .read_timeouts = load(counters.read_timeouts),
              .answer_timeouts = load(counters.answer_timeouts),
              .write_timeouts = load(counters.write_timeouts),
              .faults = load(counters.faults)};
  for (const unsigned status : kOwnStatuses) stats.responses[status] = 0;
  for (unsigned status = 0; status < counters.responses.size(); ++status)
    if (const uint64_t count = load(counters.responses[status])) stats.responses[status] = count;
  return stats;
}

Server::Server(Limits limits, std::string thread) : impl_(std::make_unique<Impl>(limits, std::move(thread))) {}
Server::~Server() = default;
void Server::route(std::string path, Handler handler) {
  impl_->route(std::move(path), std::move(handler));
}
void Server::route_post(std::string path, Handler handler) {
  impl_->route_post(std::move(path), std::move(handler));
}
base::Result<base::Done> Server::listen_unix(const std::string& path, unsigned mode) {
  return impl_->listen_unix(path, mode);
}
base::Result<base::Done> Server::listen(const std::string& address) {
  return impl_->listen(address);
}
uint16_t Server::port() const {
  return impl_->port();
}
base::Result<base::Done> Server::start() {
  return impl_->start();
}
void Server::stop() {
  impl_->stop();
}
void Server::post(std::function<void()> task) {
  impl_->post(std::move(task));
}
void Server::post_after(std::chrono::milliseconds delay, std::function<void()> task) {
  impl_->post_after(delay, std::move(task));
}
void Server::on_fault(std::function<void(const std::string&)> tell) {
  impl_->on_fault(std::move(tell));
}
Stats Server::stats() const {
  return impl_->stats();
}

}  // namespace benchd::http
