#include "collectors/tasks/logs/follower.h"

#include <algorithm>
#include <cstring>

#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "collectors/tasks/logs/engine_stream.h"
#include "collectors/tasks/logs/file_log.h"
#include "collectors/tasks/logs/journal_log.h"

namespace benchd::logs {
namespace {

constexpr uint32_t kEvents = IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR;
/// What may have put another file behind a name.
constexpr uint32_t kNameEvents = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE;
constexpr size_t kEventBytes = 64UL << 10;
constexpr int kMaxEventReads = 16;
constexpr uint64_t kSweepsBetweenLooks = 30;
constexpr LogHandle kNames = 0;  ///< in epoll's data: inotify, and no log

}  // namespace

struct Follower::Entry {
  LogHandle handle = 0;
  std::unique_ptr<LogReader> reader;
  FileLog* file = nullptr;  ///< the reader, if it reads files
  bool held = false;
  bool ready = false;
  bool forgotten = false;  ///< while it is being read
  int watch = -1;
};

/// The logs of one folder, by their file's name. Two may be in one file.
struct Follower::Folder {
  std::multimap<std::string, Entry*, std::less<>> logs;
};

Follower::Follower(base::Door& door, FollowerOptions options)
    : door_(door),
      options_(std::move(options)),
      inotify_(options_.watch ? ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK) : -1),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      events_(kEventBytes),
      workspace_(std::make_unique<Workspace>()) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kNames;
  if (inotify_) ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, inotify_.get(), &event);
  if (inotify_ || !options_.watch) return;
  state_ = {.subject = "log watch",
            .found = "no inotify instance is to be had: " + base::errno_error("inotify_init1").message(),
            .cost = "logs are looked at once a second only: files that live shorter may be missed",
            .cure = "sysctl fs.inotify.max_user_instances=1024"};
}

Follower::~Follower() = default;

LogHandle Follower::follow(LogSpec spec, const model::LogPosition& from, base::Instant now, bool held) {
  const LogHandle handle = ++last_handle_;
  auto entry = std::make_unique<Entry>();
  entry->handle = handle;
  entry->held = held;
  if (spec.kind == LogKind::EngineStream) {
    entry->reader = std::make_unique<EngineStream>(door_, std::move(spec), from, options_.settle, epoll_.get(), handle);
  } else if (spec.kind == LogKind::Journal) {
    entry->reader = std::make_unique<JournalLog>(std::move(spec), from, options_.settle, epoll_.get(), handle,
                                                 options_.journal_directory);
  } else {
    auto file = std::make_unique<FileLog>(door_, std::move(spec), from, options_.settle);
    entry->file = file.get();
    entry->reader = std::move(file);
    // Watched first: what comes after the look is told by an event.
    watch(*entry);
  }
  entry->reader->look(now);
  make_ready(*entry);
  logs_.emplace(handle, std::move(entry));
  if (next_sweep_ == 0) next_sweep_ = now + options_.sweep_interval;
  return handle;
}

void Follower::release(LogHandle log) {
  const auto found = logs_.find(log);
  if (found == logs_.end()) return;
  found->second->held = false;
  make_ready(*found->second);
}

void Follower::finish(LogHandle log) {
  const auto found = logs_.find(log);
  if (found == logs_.end()) return;
  found->second->held = false;
  found->second->reader->finish();
  make_ready(*found->second);
}

void Follower::forget(LogHandle log) {
  const auto found = logs_.find(log);
  if (found == logs_.end()) return;
  if (log == reading_) {
    found->second->forgotten = true;
    return;
  }
  unwatch(*found->second);
  logs_.erase(found);
}

void Follower::make_ready(Entry& entry) {
  if (entry.ready || entry.held) return;
  entry.ready = true;
  ready_.push_back(entry.handle);
}

/// Watches the folder that the log's folder is now. Without a right, a folder or a watch to be had the log is looked at
/// in each sweep.
void Follower::watch(Entry& entry) {
  if (!inotify_ || entry.file == nullptr) return;
  const LogSpec& spec = entry.file->spec();
  const auto folder = door_.open_log_folder(spec.folder);
  const std::string path = folder.ok() ? "/proc/self/fd/" + std::to_string(folder->get()) : std::string();
  // The same number as before for the same folder.
  const int watch = folder.ok() ? ::inotify_add_watch(inotify_.get(), path.c_str(), kEvents) : -1;
  if (folder.ok() && watch < 0 && errno == ENOSPC)
    state_ = {.subject = "log watch",
              .found = "this user's inotify watches are used up",
              .cost = "some logs are looked at once a second only: files that live shorter may be missed",
              .cure = "sysctl fs.inotify.max_user_watches=1048576"};
  if (watch == entry.watch) return;
  unwatch(entry);
  entry.watch = watch;
  if (watch >= 0) folders_[watch].logs.emplace(spec.file, &entry);
}

void Follower::unwatch(Entry& entry) {
  const auto folder = folders_.find(entry.watch);
  entry.watch = -1;
  if (folder == folders_.end()) return;
  std::erase_if(folder->second.logs, [&](const auto& log) { return log.second == &entry; });
  if (!folder->second.logs.empty()) return;
  ::inotify_rm_watch(inotify_.get(), folder->first);
  folders_.erase(folder);
}

void Follower::dispatch(base::Instant now) {
  epoll_event events[64];
  const int count = ::epoll_wait(epoll_.get(), events, std::size(events), 0);
  for (int i = 0; i < count; ++i) {
    if (events[i].data.u64 == kNames) {
      dispatch_names(now);
    } else if (const auto found = logs_.find(events[i].data.u64); found != logs_.end()) {
      make_ready(*found->second);
    }
  }
}

void Follower::dispatch_names(base::Instant now) {
  for (int i = 0; i < kMaxEventReads; ++i) {
    const ssize_t got = ::read(inotify_.get(), events_.data(), events_.size());
    if (got <= 0) return;
    for (ssize_t at = 0; at < got;) {
      inotify_event event;
      std::memcpy(&event, events_.data() + at, sizeof event);
      take(events_.data() + at, now);
      at += static_cast<ssize_t>(sizeof event + event.len);
    }
  }
}

void Follower::take(const char* event_bytes, base::Instant now) {
  inotify_event event;
  std::memcpy(&event, event_bytes, sizeof event);
  if ((event.mask & IN_Q_OVERFLOW) != 0) {
    look_at_all(now);
    return;
  }
  const auto folder = folders_.find(event.wd);
  if (folder == folders_.end()) return;
  if ((event.mask & IN_IGNORED) != 0) {
    for (const auto& [name, entry] : folder->second.logs) entry->watch = -1;
    folders_.erase(folder);
    return;
  }
  if (event.len > 0) take_named(folder->second, event_bytes + sizeof event, event.mask, now);
}

/// A rotated file, which may still be read, has the log's name in front of a separator.
void Follower::take_named(const Folder& folder, std::string_view name, uint32_t mask, base::Instant now) {
  for (size_t length = name.size(); length != std::string_view::npos && length > 0;
       length = name.find_last_of(".-_", length - 1)) {
    const auto [first, last] = folder.logs.equal_range(name.substr(0, length));
    for (auto found = first; found != last; ++found) {
      Entry& entry = *found->second;
      if (length == name.size() && (mask & kNameEvents) != 0) {
        if ((mask & IN_DELETE) != 0) entry.file->note_removed();
        entry.file->look(now);
      }
      make_ready(entry);
    }
  }
}

void Follower::look_at_all(base::Instant now) {
  for (const auto& [handle, entry] : logs_) {
    entry->reader->look(now);
    make_ready(*entry);
  }
}

void Follower::sweep(base::Instant now) {
  next_sweep_ = now + options_.sweep_interval;
  const bool look_everywhere = sweeps_++ % kSweepsBetweenLooks == 0;
  bool all_watched = inotify_ || !options_.watch;
  for (const auto& [handle, entry] : logs_) {
    if (entry->file != nullptr) {
      if (entry->watch < 0 || look_everywhere || entry->file->is_removed() || entry->file->is_starved()) {
        watch(*entry);
        entry->file->look(now);
      }
      all_watched = all_watched && (entry->watch >= 0 || !options_.watch);
    }
    if (entry->reader->poll(now)) make_ready(*entry);
  }
  if (all_watched) state_.reset();
}

bool Follower::read(LogListener& listener, base::Instant now, base::Instant deadline) {
  do {
    if (ready_.empty()) return false;
    const LogHandle handle = ready_.front();
    ready_.pop_front();
    const auto found = logs_.find(handle);
    if (found == logs_.end()) continue;
    Entry& entry = *found->second;
    entry.ready = false;
    reading_ = handle;
    const LogReader::Turn turn = entry.reader->read(*workspace_, handle, listener, now);
    reading_ = 0;
    if (entry.forgotten) {
      forget(handle);
    } else if (turn == LogReader::Turn::More) {
      make_ready(entry);
    } else if (turn == LogReader::Turn::Ended) {
      forget(handle);
      listener.ended(handle);
    }
  } while (base::now() < deadline);
  return !ready_.empty();
}

bool Follower::has_open(const LogSpec& spec) const {
  const auto file = door_.open_log(spec.folder, spec.file);
  if (!file.ok()) return false;
  const auto look = look_at(file->get());
  return look.ok() && std::any_of(logs_.begin(), logs_.end(), [&](const auto& log) {
           return log.second->file != nullptr && log.second->file->has_open(look->identity);
         });
}

LogStatus Follower::status(LogHandle log) const {
  const auto found = logs_.find(log);
  return found == logs_.end() ? LogStatus{} : found->second->reader->status();
}

}  // namespace benchd::logs
