#include "collectors/runtimes/engine_client.h"

#include <algorithm>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "collectors/runtimes/keep_running.h"

namespace benchd::runtimes {
namespace {

namespace asio = boost::asio;

using base::Error;
using base::Result;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

/// Of type container, and of the kinds that are looked at: health checks would bring three `exec` events a turn.
/// URL-encoded
/// {"type":["container"],"event":["create","start","die","died","oom","rename","destroy","remove","health_status"]}.
constexpr std::string_view kFilters =
    "%7B%22type%22%3A%5B%22container%22%5D%2C%22event%22%3A%5B%22create%22%2C%22start%22%2C%22die%22%2C%22died%22%2C"
    "%22oom%22%2C%22rename%22%2C%22destroy%22%2C%22remove%22%2C%22health_status%22%5D%7D";

constexpr size_t kMaxLine = 262'144;    // one event; labels make it long
constexpr size_t kMaxList = 64U << 20;  // 10,000 containers are about 10 MB
constexpr size_t kMaxInspect = 4U << 20;
constexpr size_t kMaxSeen = 4096;  // events remembered against replay
constexpr int64_t kReplayNs = 1'000'000'000;

int64_t wall_now() {
  return std::chrono::duration_cast<nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// Both engines take Unix seconds with nine digits after the point.
std::string since(int64_t wall_ns) {
  std::string fraction = std::to_string(wall_ns % 1'000'000'000);
  return std::to_string(wall_ns / 1'000'000'000) + "." + std::string(9 - fraction.size(), '0') + fraction;
}

Error bad_status(unsigned status) {
  return {.code = EPROTO, .attempt = "ask the engine: it answered HTTP " + std::to_string(status)};
}

}  // namespace

EngineClient::EngineClient(asio::io_context& io, base::Door& door, base::EngineId engine, LabelFilter labels,
                           Options options, Callbacks callbacks)
    : io_(io),
      door_(door),
      engine_(engine),
      labels_(std::move(labels)),
      options_(options),
      callbacks_(std::move(callbacks)),
      pause_(io),
      probe_pause_(io) {}

void EngineClient::start() {
  const auto self = shared_from_this();
  keep_running(
      io_, pause_, options_.first_pause, [self] { return self->run(); },
      [self](const std::string& what) { self->note_fault(what); });
}

void EngineClient::stop() {
  stopped_ = true;
  pause_.cancel();
  probe_pause_.cancel();
  if (stream_) stream_->cancel();
}

void EngineClient::retry_soon() {
  if (following_ || stopped_) return;
  const auto soon = steady_clock::now() + options_.first_pause;
  if (pause_.expiry() > soon) pause_.expires_at(soon);
}

asio::awaitable<void> EngineClient::run() {
  nanoseconds pause = options_.first_pause;
  while (!stopped_) {
    const Error error = co_await follow();
    if (stopped_) co_return;
    ++errors_;
    // A stream that stood for long had worked; one that breaks at once each time must not come back at once each time.
    if (following_ && steady_clock::now() - connected_ > options_.last_pause) pause = options_.first_pause;
    following_ = false;
    set_trouble(error);

    const auto until = steady_clock::now() + pause;
    pause = std::min(pause * 2, options_.last_pause);
    pause_.expires_at(until);
    // retry_soon() moves the time, which ends this wait; only stop() and time itself end the pause.
    while (!stopped_ && steady_clock::now() < pause_.expiry()) {
      boost::system::error_code ignored;
      co_await pause_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
  }
}

asio::awaitable<Error> EngineClient::follow() {
  if (latest_ns_ == 0) latest_ns_ = wall_now();
  const std::string target = "/events?since=" + since(latest_ns_ - kReplayNs) + "&filters=" + std::string(kFilters);
  ++requests_;
  auto fd = door_.engine_request(engine_, target);
  if (!fd.ok()) co_return fd.error();
  stream_ = std::make_shared<HttpResponse>(io_, std::move(*fd));
  line_.clear();

  const auto status = co_await stream_->read_header(options_.request_timeout);
  if (!status.ok()) co_return status.error();
  if (*status != 200) co_return bad_status(*status);
  if (const auto listed = co_await list(); !listed.ok()) co_return listed.error();

  following_ = true;
  connected_ = steady_clock::now();
  set_trouble(std::nullopt);
  callbacks_.connected();
  for (;;) {
    const auto piece = co_await stream_->read_some(std::nullopt);
    if (!piece.ok()) co_return piece.error();
    if (piece->empty()) co_return Error{.code = ECONNRESET, .attempt = "follow the engine's events"};
    if (const auto taken = take_events(*piece); !taken.ok()) {
      latest_ns_ = wall_now() + kReplayNs;
      co_return taken.error();
    }
  }
}

asio::awaitable<Result<base::Done>> EngineClient::list() {
  const auto answer = co_await ask("/containers/json", kMaxList);
  if (!answer.ok()) co_return answer.error();
  if (answer->status != 200) co_return bad_status(answer->status);
  co_return parse_list(answer->body, labels_, callbacks_.listed);
}

Result<base::Done> EngineClient::take_events(std::string_view piece) {
  while (!piece.empty()) {
    const size_t end = piece.find('\n');
    const std::string_view part = piece.substr(0, end);
    if (line_.size() + part.size() > kMaxLine)
      return Error{.code = EPROTO, .attempt = "read an event of more than " + std::to_string(kMaxLine) + " bytes"};
    line_ += part;
    if (end == std::string_view::npos) break;
    piece.remove_prefix(end + 1);
    if (line_.find_first_not_of(" \r\t") != std::string::npos) {
      auto event = parse_event(line_, labels_);
      if (!event.ok()) return Error{.code = EPROTO, .attempt = event.error().attempt};
      if (is_new(*event)) {
        ++events_;
        callbacks_.event(*event);
      }
    }
    line_.clear();
  }
  return base::Done{};
}

/// Engines stamp events before they put them in order, so the newest is no limit; within the replayed time each is
/// known by its stamp and container.
bool EngineClient::is_new(const EngineEvent& event) {
  auto key = std::pair(event.wall_ns, event.id);
  if (!seen_.insert(key).second) return false;
  seen_in_order_.push_back(std::move(key));
  if (seen_in_order_.size() > kMaxSeen) {
    seen_.erase(seen_in_order_.front());
    seen_in_order_.pop_front();
  }
  latest_ns_ = std::max(latest_ns_, event.wall_ns);
  return true;
}

asio::awaitable<Result<HttpAnswer>> EngineClient::ask(std::string target, size_t max_bytes) {
  ++requests_;
  auto fd = door_.engine_request(engine_, target);
  if (!fd.ok()) co_return fd.error();
  HttpResponse response(io_, std::move(*fd));
  co_return co_await read_answer(response, options_.request_timeout, max_bytes);
}

asio::awaitable<Result<Inspected>> EngineClient::inspect(std::string runtime_id) {
  if (trouble_) co_return *trouble_;
  const auto answer = co_await ask("/containers/" + runtime_id + "/json", kMaxInspect);
  if (!answer.ok()) {
    ++errors_;
    set_trouble(answer.error());
    if (following_ && !std::exchange(probing_, true)) {
      const auto self = shared_from_this();
      keep_running(
          io_, probe_pause_, options_.first_pause, [self] { return self->probe(); },
          [self](const std::string& what) { self->note_fault(what); });
    }
    co_return answer.error();
  }
  if (answer->status == 404) co_return Error{.code = ENOENT, .attempt = "ask the engine for container " + runtime_id};
  auto inspected =
      answer->status == 200 ? parse_inspect(answer->body, engine_.engine, labels_) : bad_status(answer->status);
  if (!inspected.ok()) ++errors_;
  co_return inspected;
}

/// The stream stands but a question went wrong: asks something small until the engine answers again.
asio::awaitable<void> EngineClient::probe() {
  nanoseconds pause = options_.first_pause;
  while (!stopped_ && following_ && trouble_) {
    probe_pause_.expires_after(pause);
    pause = std::min(pause * 2, options_.last_pause);
    boost::system::error_code ignored;
    co_await probe_pause_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    if (stopped_ || !following_) break;
    const auto answer = co_await ask("/version", kMaxInspect);
    if (!answer.ok()) {
      ++errors_;
    } else if (following_) {
      set_trouble(std::nullopt);
    }
  }
  probing_ = false;
}

void EngineClient::note_fault(const std::string& what) {
  ++errors_;
  set_trouble(Error{.attempt = "talk to the engine: " + what});
}

void EngineClient::set_trouble(std::optional<Error> trouble) {
  const bool same = trouble.has_value() == trouble_.has_value() && (!trouble || trouble->code == trouble_->code);
  trouble_ = std::move(trouble);
  if (!same) callbacks_.changed();
}

}  // namespace benchd::runtimes
