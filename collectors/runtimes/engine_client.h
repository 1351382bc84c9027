#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/door.h"
#include "collectors/runtimes/engine_json.h"
#include "collectors/runtimes/http_response.h"

namespace benchd::runtimes {

/// Talks to one Docker or podman engine: follows its events for ever, connecting again after every failure, and asks
/// about single containers. Runs on the io_context's thread only.
///
/// Gap-free: each connection of the stream asks for the events since a second before the last one seen (both engines
/// replay from a log) and drops those it has seen; the running containers are listed after the stream was opened and
/// before it is read. What an engine forgot meanwhile (Docker keeps 256 events and none over its restart) is lost to
/// everyone. A stream that was garbage is not asked to replay it: the next one starts from now.
class EngineClient : public std::enable_shared_from_this<EngineClient> {
 public:
  struct Options {
    std::chrono::nanoseconds first_pause{};
    std::chrono::nanoseconds last_pause{};
    std::chrono::nanoseconds request_timeout{};
  };

  /// All called on the io_context's thread.
  struct Callbacks {
    std::function<void(const EngineEvent&)> event;
    std::function<void(const ListedContainer&)> listed;
    std::function<void()> connected;  ///< the list is complete, events follow
    std::function<void()> changed;    ///< trouble() is another than before
  };

  EngineClient(boost::asio::io_context& io, base::Door& door, base::EngineId engine, LabelFilter labels,
               Options options, Callbacks callbacks);

  base::EngineId engine() const { return engine_; }
  /// Why the engine cannot be used; nothing while it works.
  const std::optional<base::Error>& trouble() const { return trouble_; }

  uint64_t events() const { return events_; }
  uint64_t requests() const { return requests_; }
  uint64_t errors() const { return errors_; }

  /// Follows the engine until stop().
  void start();
  void stop();
  /// Tries a connection that is down again at once, but never sooner than the first pause after the last attempt.
  void retry_soon();

  /// ENOENT where the engine does not know the container. While the engine is in trouble that is the answer, at once:
  /// it is probed with pauses that double, not with every container's question.
  boost::asio::awaitable<base::Result<Inspected>> inspect(std::string runtime_id);

 private:
  boost::asio::awaitable<void> run();
  boost::asio::awaitable<base::Error> follow();
  boost::asio::awaitable<base::Result<base::Done>> list();
  boost::asio::awaitable<base::Result<HttpAnswer>> ask(std::string target, size_t max_bytes);
  boost::asio::awaitable<void> probe();
  base::Result<base::Done> take_events(std::string_view piece);
  bool is_new(const EngineEvent& event);
  void note_fault(const std::string& what);
  void set_trouble(std::optional<base::Error> trouble);

  boost::asio::io_context& io_;
  base::Door& door_;
  const base::EngineId engine_;
  const LabelFilter labels_;
  const Options options_;
  const Callbacks callbacks_;

  boost::asio::steady_timer pause_;        ///< between two connections of the stream
  boost::asio::steady_timer probe_pause_;  ///< between two probes
  std::shared_ptr<HttpResponse> stream_;
  std::string line_;                                ///< the part of an event that has arrived
  int64_t latest_ns_ = 0;                           ///< the newest event's time, or where the first stream began
  std::set<std::pair<int64_t, std::string>> seen_;  ///< events within the replayed time
  std::deque<std::pair<int64_t, std::string>> seen_in_order_;
  std::optional<base::Error> trouble_;
  std::chrono::steady_clock::time_point connected_;
  bool following_ = false;
  bool probing_ = false;
  bool stopped_ = false;
  uint64_t events_ = 0;
  uint64_t requests_ = 0;
  uint64_t errors_ = 0;
};

}  // namespace benchd::runtimes
