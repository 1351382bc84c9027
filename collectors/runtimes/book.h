#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "collectors/runtimes/engine_json.h"
#include "model/container.h"

namespace benchd::runtimes {

/// What is known of every container, and who asked for it. Pure bookkeeping: no engine, no clock, one thread.
///
/// A container may be heard of before its cgroup is seen and after it is gone, so what nobody asked for is kept a
/// while. And a container that is started again keeps its runtime id but has another cgroup: a *run* is one start to
/// one end, and whoever asked during a run keeps that run's end.
///
/// Times are Unix nanoseconds.
class Book {
 public:
  using Deliver = std::function<void(uint64_t cgroup_id, std::shared_ptr<const model::Metadata>)>;

  struct Limits {
    int64_t keep_unasked_ns = 0;
    size_t max_unasked = 0;
  };

  Book(Limits limits, Deliver deliver) : limits_(limits), deliver_(std::move(deliver)) {}

  void want(uint64_t cgroup_id, const model::PathMatch& match, int64_t seen_at, uid_t owner = 0);
  void forget(uint64_t cgroup_id, int64_t now);

  void apply(const EngineEvent& event, int64_t now);
  /// From the list of running containers, fetched when the event stream had been opened and before it was read.
  void apply(const ListedContainer& listed, int64_t now);
  /// The answer to a question put during `run` (see run_of); an answer from an earlier run is dropped.
  void apply(const std::string& runtime_id, uint64_t run, const Inspected& inspected, int64_t now);

  /// The engine does not know the container any more, if it ever did.
  void mark_removed(const std::string& runtime_id);

  /// Whether an inspect (or a bundle) would tell something that is wanted.
  bool needs_detail(const std::string& runtime_id) const;
  uint64_t run_of(const std::string& runtime_id) const;
  /// The path of a container that somebody asked for.
  const model::PathMatch* asked(const std::string& runtime_id) const;
  /// Whether every cgroup that asked for it, and at least one did, belongs to this user.
  bool is_owned_by(uid_t user, const std::string& runtime_id) const;
  /// Every container that somebody asked for and that has not ended as far as is known.
  std::vector<std::string> asked_and_alive() const;
  bool has_name(const std::string& runtime_id) const;
  /// The runtimes with a container that somebody asked for and of which nothing was heard. Costs nothing however many
  /// containers there are.
  std::set<model::Runtime> nameless() const;

  /// Drops what nobody asked for in time.
  void expire(int64_t now);
  uint64_t dropped() const { return dropped_; }
  size_t size() const { return records_.size(); }

 private:
  struct Asker {
    uint64_t cgroup_id = 0;
    int64_t seen_at = 0;
    uid_t owner = 0;
    bool came_second = false;  ///< while another cgroup of the same container was still believed to run
    std::shared_ptr<const model::Metadata> delivered;
  };
  struct Unasked {
    std::string runtime_id;
    int64_t since = 0;
  };
  /// A run that an inspect found over before the event of its end came.
  struct Past {
    model::Metadata metadata;
    std::vector<Asker> askers;
  };
  struct Record {
    model::Metadata metadata;
    model::PathMatch match;
    std::vector<Asker> askers;
    std::optional<Past> past;
    std::optional<std::list<Unasked>::iterator> unasked;
    uint64_t run = 0;
    int64_t ended_at = 0;  ///< of the current run; 0 = not that we know
    bool known = false;    ///< something was heard of it
    bool detailed = false;
    bool removed = false;
    bool served = false;  ///< somebody asked for it, and all who did let it go
  };

  void become_known(Record& record);
  Record& record_of(const std::string& runtime_id, int64_t now);
  void describe(Record& record, const std::string& name, const std::string& image,
                const std::map<std::string, std::string>& labels);
  void begin_run(const std::string& runtime_id, Record& record, int64_t now);
  static bool awaits_next_run(const Record& record, const Asker& asker);
  static bool is_next_run_awaited(const Record& record);
  void end_past(Record& record, const EngineEvent& event);
  void deliver(Record& record);
  void set_unasked(const std::string& runtime_id, Record& record, int64_t now);
  void erase_if_over(const std::string& runtime_id);

  const Limits limits_;
  const Deliver deliver_;
  std::unordered_map<std::string, Record> records_;
  std::map<model::Runtime, size_t> nameless_;      ///< how many containers of each
  std::unordered_map<uint64_t, std::string> ids_;  ///< cgroup id → runtime id, of those who asked
  std::list<Unasked> unasked_;                     ///< the oldest first
  uint64_t dropped_ = 0;
};

}  // namespace benchd::runtimes
