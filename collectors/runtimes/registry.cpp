#include "collectors/runtimes/registry.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <sys/eventfd.h>

#include "base/clock.h"
#include "collectors/runtimes/book.h"
#include "collectors/runtimes/bundles.h"
#include "collectors/runtimes/engine_client.h"
#include "collectors/runtimes/engine_states.h"
#include "collectors/runtimes/keep_running.h"
#include "collectors/runtimes/question_queue.h"

namespace benchd::runtimes {
namespace {

namespace asio = boost::asio;

using base::Engine;
using base::EngineId;
using model::Runtime;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

int64_t wall_now() {
  return base::now() + base::wall_offset();
}

/// A hung Docker must not keep podman's containers waiting: each kind of source has a queue and a coroutine of its own.
enum Source : uint8_t { Docker, Podman, Files };
constexpr size_t kSources = 3;

Source source_of(Runtime runtime) {
  if (runtime == Runtime::Docker) return Source::Docker;
  return runtime == Runtime::Podman ? Source::Podman : Source::Files;
}

}  // namespace

class Registry::Impl : public std::enable_shared_from_this<Registry::Impl> {
 public:
  Impl(asio::io_context& io, base::Door& door, RegistryOptions options)
      : io_(io),
        door_(door),
        options_(std::move(options)),
        labels_(options_.labels),
        book_({.keep_unasked_ns = options_.keep_unasked.count(), .max_unasked = options_.max_unasked},
              [this](uint64_t cgroup_id, auto metadata) { deliver(cgroup_id, std::move(metadata)); }),
        queues_{Queue(io), Queue(io), Queue(io)},
        housekeeping_(io),
        updates_ready_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

  void start() {
    asio::post(io_, [self = shared_from_this()] {
      self->find_engines();
      for (const Source source : {Source::Docker, Source::Podman, Source::Files})
        self->spawn(self->queues_[source].wake, [self, source] { return self->work(source); });
      self->spawn(self->housekeeping_, [self] { return self->keep_house(); });
    });
  }

  void stop() {
    stopped_ = true;
    for (const auto& [id, client] : clients_) client->stop();
    for (Queue& queue : queues_) queue.wake.cancel();
    housekeeping_.cancel();
  }

  /// `note` runs on the io_context's thread, in the order of the calls.
  void leave(std::function<void(Impl&)> note) {
    const std::lock_guard lock(notes_mutex_);
    notes_.push_back(std::move(note));
    if (notes_.size() == 1) asio::post(io_, [self = shared_from_this()] { self->read_notes(); });
  }

  void want(const model::Container& container, int64_t seen_at) {
    const model::PathMatch& match = container.match;
    switch (match.runtime) {
      case Runtime::None:
        return;
      case Runtime::Lxc:
      case Runtime::Nspawn:
        deliver(container.cgroup_id,
                std::make_shared<const model::Metadata>(model::Metadata{.name = match.runtime_id}));
        return;
      default:
        break;
    }
    book_.want(container.cgroup_id, match, seen_at, container.owner);
    // An event about a container that has just appeared is probably under way: it gets the first pause to arrive.
    if (book_.needs_detail(match.runtime_id))
      enqueue(match.runtime_id, book_.has_name(match.runtime_id) ? nanoseconds(0) : options_.first_pause);
  }

  void forget(uint64_t cgroup_id) {
    {
      const std::lock_guard lock(updates_mutex_);
      updates_.erase(cgroup_id);
    }
    book_.forget(cgroup_id, wall_now());
  }

  void take_updates(std::vector<Update>& updates) {
    updates.clear();
    const std::lock_guard lock(updates_mutex_);
    if (updates_.empty()) return;
    for (auto& [cgroup_id, metadata] : updates_) updates.push_back({cgroup_id, std::move(metadata)});
    updates_.clear();
    uint64_t count = 0;
    (void)!::read(updates_ready_.get(), &count, sizeof count);  // non-blocking; what counts is that it is now 0
  }

  int updates_fd() const { return updates_ready_.get(); }

  RegistryStatus status() const {
    const std::lock_guard lock(status_mutex_);
    return status_;
  }

 private:
  struct Queue {
    explicit Queue(asio::io_context& io) : wake(io) {}
    QuestionQueue questions;
    asio::steady_timer wake;
  };

  template <class Coroutine>
  void spawn(asio::steady_timer& timer, Coroutine coroutine) {
    keep_running(io_, timer, options_.first_pause, std::move(coroutine),
                 [self = shared_from_this()](const std::string& what) { self->note_fault(what); });
  }

  void note_fault(const std::string& what) {
    ++faults_;
    fault_ = what;
    fault_at_ = steady_clock::now();
    publish_status();
  }

  void read_notes() {
    std::vector<std::function<void(Impl&)>> notes;
    {
      const std::lock_guard lock(notes_mutex_);
      notes.swap(notes_);
    }
    if (stopped_) return;
    for (const auto& note : notes) note(*this);
  }

  void deliver(uint64_t cgroup_id, std::shared_ptr<const model::Metadata> metadata) {
    const std::lock_guard lock(updates_mutex_);
    updates_[cgroup_id] = std::move(metadata);
    const uint64_t one = 1;
    (void)!::write(updates_ready_.get(), &one, sizeof one);  // full = readable anyway
  }

  void find_engines() {
    for (const EngineId engine : door_.engines())
      if (clients_.count(engine) == 0) add_engine(engine);
  }

  void add_engine(EngineId engine) {
    const std::weak_ptr<Impl> weak = weak_from_this();
    const auto guarded = [weak](auto act) {
      return [weak, act](const auto&... arguments) {
        if (const auto self = weak.lock()) act(*self, arguments...);
      };
    };
    EngineClient::Callbacks callbacks{.event = guarded([engine](Impl& self, const EngineEvent& event) {
                                        if (self.may_speak(engine, event.id)) self.on_event(event);
                                      }),
                                      .listed = guarded([engine](Impl& self, const ListedContainer& listed) {
                                        if (self.may_speak(engine, listed.id)) self.book_.apply(listed, wall_now());
                                      }),
                                      .connected = guarded([](Impl& self) { self.ask_all(); }),
                                      .changed = guarded([](Impl& self) {
                                        self.ask_all();
                                        self.publish_status();
                                      })};
    const auto client =
        std::make_shared<EngineClient>(io_, door_, engine, labels_,
                                       EngineClient::Options{.first_pause = options_.first_pause,
                                                             .last_pause = options_.last_pause,
                                                             .request_timeout = options_.request_timeout},
                                       std::move(callbacks));
    clients_.emplace(engine, client);
    client->start();
  }

  /// Anybody may listen on a socket below /run/user/UID and say what he likes: a user's engine is believed about
  /// containers in that user's own cgroups, and about nothing else.
  bool may_speak(EngineId engine, const std::string& runtime_id) const {
    return engine.owner == 0 || book_.is_owned_by(engine.owner, runtime_id);
  }

  void on_event(const EngineEvent& event) {
    book_.apply(event, wall_now());
    if (event.what == EngineEvent::What::Start && book_.needs_detail(event.id)) enqueue(event.id, nanoseconds(0));
  }

  /// An engine came back or went: what is still unknown may be had at once, or elsewhere.
  void ask_all() {
    for (const std::string& id : book_.asked_and_alive())
      if (book_.needs_detail(id)) enqueue(id, nanoseconds(0));
  }

  void enqueue(const std::string& runtime_id, nanoseconds delay) {
    const model::PathMatch* match = book_.asked(runtime_id);
    if (match == nullptr) return;
    Queue& queue = queues_[source_of(match->runtime)];
    queue.questions.put({.runtime_id = runtime_id}, steady_clock::now() + delay);
    queue.wake.cancel();
  }

  asio::awaitable<void> work(Source source) {
    Queue& queue = queues_[source];
    while (!stopped_) {
      const auto question = queue.questions.take(steady_clock::now());
      if (!question) {
        queue.wake.expires_at(queue.questions.next_due().value_or(steady_clock::time_point::max()));
        boost::system::error_code ignored;
        co_await queue.wake.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        continue;
      }
      const std::string& id = question->runtime_id;
      if (!book_.needs_detail(id)) continue;
      const unsigned doublings = std::min(question->attempt, 16U);
      const nanoseconds pause = std::min(options_.first_pause * (1U << doublings), options_.last_pause);
      // Put back before it is asked, so that it is not lost where asking fails in a way that nobody foresaw.
      queue.questions.put({.runtime_id = id, .attempt = question->attempt + 1}, steady_clock::now() + pause);
      co_await ask(id);
      // Where nobody had to be waited for, 10,000 questions in a row would keep all others from their turn.
      co_await asio::post(io_, asio::use_awaitable);
    }
  }

  asio::awaitable<void> ask(std::string id) {
    const model::PathMatch* const match = book_.asked(id);
    if (match == nullptr) co_return;
    const Runtime runtime = match->runtime;
    const uint64_t run = book_.run_of(id);

    if (runtime == Runtime::Docker || runtime == Runtime::Podman) {
      const Engine wanted = runtime == Runtime::Docker ? Engine::Docker : Engine::Podman;
      const auto clients = clients_;  // may grow while an answer is awaited
      bool unknown_to_all = true;
      bool somebody_asked = false;
      for (const auto& [engine, client] : clients) {
        if (engine.engine != wanted || !may_speak(engine, id)) continue;
        somebody_asked = true;
        client->retry_soon();
        const auto inspected = co_await client->inspect(id);
        if (!inspected.ok()) {
          unknown_to_all = unknown_to_all && inspected.error().code == ENOENT && !client->trouble();
          continue;
        }
        book_.apply(id, run, *inspected, wall_now());
        co_return;
      }
      if (unknown_to_all && somebody_asked) book_.mark_removed(id);
    }
    const auto started = steady_clock::now();
    if (const auto noted = read_bundle(door_, runtime, id, labels_); noted.ok()) {
      book_.apply(id, run, *noted, wall_now());
    } else {
      ++bundle_errors_;
    }
    last_ask_ = steady_clock::now() - started;
  }

  asio::awaitable<void> keep_house() {
    while (!stopped_) {
      book_.expire(wall_now());
      find_engines();
      publish_status();
      housekeeping_.expires_after(std::min<nanoseconds>(options_.last_pause, std::chrono::seconds(1)));
      boost::system::error_code ignored;
      co_await housekeeping_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
  }

  void publish_status() {
    RegistryStatus status;
    std::vector<EngineHealth> engines;
    for (const auto& [id, client] : clients_) {
      engines.push_back({.engine = id, .trouble = client->trouble()});
      status.events += client->events();
      status.requests += client->requests();
      status.errors += client->errors();
    }
    status.states = engine_states(engines, book_.nameless());
    if (fault_at_ && steady_clock::now() - *fault_at_ < 2 * options_.last_pause) {
      status.states.push_back({.subject = "runtimes",
                               .found = "a fault of benchd's own: " + fault_,
                               .cost = "names, labels and exit codes may come late"});
    }
    status.errors += bundle_errors_ + faults_;
    status.dropped = book_.dropped();
    status.collector = {.collector = "runtimes",
                        .success = status.states.empty(),
                        .duration_seconds = std::chrono::duration<double>(last_ask_).count()};
    const std::lock_guard lock(status_mutex_);
    status_ = std::move(status);
  }

  asio::io_context& io_;
  base::Door& door_;
  const RegistryOptions options_;
  const LabelFilter labels_;

  // Only on the io_context's thread.
  Book book_;
  std::map<EngineId, std::shared_ptr<EngineClient>> clients_;
  std::array<Queue, kSources> queues_;
  asio::steady_timer housekeeping_;
  uint64_t bundle_errors_ = 0;
  uint64_t faults_ = 0;
  std::string fault_;  ///< what the last one said
  std::optional<steady_clock::time_point> fault_at_;
  nanoseconds last_ask_{};
  bool stopped_ = false;

  std::mutex notes_mutex_;
  std::vector<std::function<void(Impl&)>> notes_;

  mutable std::mutex updates_mutex_;
  std::unordered_map<uint64_t, std::shared_ptr<const model::Metadata>> updates_;
  const base::Fd updates_ready_;

  mutable std::mutex status_mutex_;
  RegistryStatus status_{.collector = {.collector = "runtimes", .success = true}};
};

Registry::Registry(asio::io_context& io, base::Door& door, RegistryOptions options)
    : impl_(std::make_shared<Impl>(io, door, std::move(options))) {
  impl_->start();
}

Registry::~Registry() {  // NOLINT(bugprone-exception-escape): what it cancels throws only for what is no timer or
                         // socket
  impl_->stop();
}

void Registry::wanted(const model::Container& container) {
  impl_->leave(
      [container, seen_at = container.first_seen + base::wall_offset()](Impl& impl) { impl.want(container, seen_at); });
}

void Registry::forget(uint64_t cgroup_id) {
  impl_->leave([cgroup_id](Impl& impl) { impl.forget(cgroup_id); });
}

void Registry::take_updates(std::vector<Update>& updates) {
  impl_->take_updates(updates);
}

int Registry::updates_fd() const {
  return impl_->updates_fd();
}

RegistryStatus Registry::status() const {
  return impl_->status();
}

}  // namespace benchd::runtimes
