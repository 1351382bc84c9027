#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/door.h"
#include "base/fd.h"
#include "collectors/tasks/logs/followed.h"
#include "model/status.h"

namespace benchd::logs {

class LogReader;
struct Workspace;

struct FollowerOptions {
  int64_t settle = base::kSecond;          ///< see FileLog
  int64_t sweep_interval = base::kSecond;  ///< 30 of them between two looks at each name that is watched
  bool watch = true;                       ///< false: sweeps only, no inotify
  std::string journal_directory;           ///< empty: this host's journal
};

/// Follows many logs. Owns no thread: whoever owns it polls fd() and calls dispatch() when it is readable, sweep()
/// when next_sweep() has come, and read() while that says there is more. One thread. Keeps nothing that matters:
/// positions are given to it and told by it.
///
/// Of files one inotify watch per folder tells what changed, a sweep finds what no event told. Opens files through the
/// door. Memory: one buffer for all, and of each log its unfinished lines, at most kMaxLine a stream.
class Follower {
 public:
  explicit Follower(base::Door& door, FollowerOptions options = {});
  ~Follower();
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;
  Follower(Follower&&) = delete;
  Follower& operator=(Follower&&) = delete;

  /// Readable when there is something to dispatch.
  int fd() const { return epoll_.get(); }

  /// Opens the log if it is there, and whenever it comes. An empty `from.place`: nothing of it was read. `held`: keeps
  /// its files open through rotation and removal, but reads nothing before release().
  LogHandle follow(LogSpec spec, const model::LogPosition& from, base::Instant now, bool held = false);
  void release(LogHandle log);

  /// The container has ended: reads what is left, then tells ended().
  void finish(LogHandle log);

  /// Closes it at once.
  void forget(LogHandle log);

  /// Takes the events that are there.
  void dispatch(base::Instant now);

  /// Looks at every log.
  void sweep(base::Instant now);
  base::Instant next_sweep() const { return next_sweep_; }

  /// Reads what is new, log after log in turn a piece of each, until nothing is or `deadline` has passed, and tells
  /// the listener. At least one piece (at most 256 KiB), so that a deadline in the past makes the smallest step.
  /// True: there is more.
  bool read(LogListener& listener, base::Instant now, base::Instant deadline);

  /// Whether read() would find something.
  bool ready() const { return !ready_.empty(); }

  /// Of a log that is followed.
  LogStatus status(LogHandle log) const;
  size_t size() const { return logs_.size(); }

  /// Whether a followed log has this file open: found by a glob, it is then what rotation made of that log, under a
  /// new name.
  bool has_open(const LogSpec& spec) const;

  /// inotify's limits are reached: what it costs and how to raise them.
  const std::optional<model::State>& state() const { return state_; }

 private:
  struct Entry;
  struct Folder;

  void make_ready(Entry& entry);
  void watch(Entry& entry);
  void unwatch(Entry& entry);
  void take(const char* event_bytes, base::Instant now);
  void take_named(const Folder& folder, std::string_view name, uint32_t mask, base::Instant now);
  void dispatch_names(base::Instant now);
  void look_at_all(base::Instant now);

  base::Door& door_;
  const FollowerOptions options_;
  base::Fd inotify_;
  base::Fd epoll_;  ///< inotify, and the readers' connections with their handles as data
  LogHandle last_handle_ = 0;
  std::unordered_map<LogHandle, std::unique_ptr<Entry>> logs_;
  std::unordered_map<int, Folder> folders_;  ///< by inotify's watch descriptor
  std::deque<LogHandle> ready_;              ///< each once; may name logs that are forgotten
  LogHandle reading_ = 0;                    ///< the one whose read is under way
  base::Instant next_sweep_ = 0;
  uint64_t sweeps_ = 0;
  std::optional<model::State> state_;
  std::vector<char> events_;
  std::unique_ptr<Workspace> workspace_;
};

}  // namespace benchd::logs
