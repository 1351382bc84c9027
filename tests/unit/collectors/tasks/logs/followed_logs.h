#pragma once

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <zlib.h>

#include "collectors/tasks/logs/follower.h"
#include "daemon/door/in_process_door.h"
#include "support/temporary_directory.h"

namespace benchd::logs {

/// What a follower told, of all its logs.
class Recorder : public LogListener {
 public:
  void line(LogHandle /*log*/, const model::LogLine& line) override {
    lines.emplace_back(line.text);
    stamps.push_back(line.stamp);
    truncated.push_back(line.truncated);
  }
  void reached(LogHandle /*log*/, const Reached& reached) override {
    position = reached.position;
    counts.bytes += reached.counts.bytes;
    counts.malformed += reached.counts.malformed;
    counts.truncated += reached.counts.truncated;
    counts.rotations += reached.counts.rotations;
    counts.truncations += reached.counts.truncations;
    counts.lost_lines += reached.counts.lost_lines;
    counts.losses += reached.counts.losses;
    committed = lines.size();
  }
  void ended(LogHandle log) override { ended_logs.push_back(log); }

  /// What a kill -9 leaves: what was committed.
  void forget_uncommitted() {
    lines.resize(committed);
    stamps.resize(committed);
    truncated.resize(committed);
  }

  std::vector<std::string> lines;
  std::vector<std::optional<int64_t>> stamps;
  std::vector<bool> truncated;
  model::LogPosition position;
  model::LogCounts counts;
  size_t committed = 0;
  std::vector<LogHandle> ended_logs;
};

inline std::string json_record(const std::string& text, const char* stream = "stdout", bool ends_line = true) {
  return R"({"log":")" + text + (ends_line ? R"(\n)" : "") + R"(","stream":")" + stream +
         R"(","time":"2025-01-02T03:04:05.5Z"})" + "\n";
}

inline void compress(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const gzFile out = ::gzopen((path + ".gz").c_str(), "wb1e");
  ::gzwrite(out, text.data(), static_cast<unsigned>(text.size()));
  ::gzclose(out);
  std::filesystem::remove(path);
}

/// A folder in which something may happen between any two looks into it, and which may not be to be looked into.
class RestlessDoor : public daemon::InProcessDoor {
 public:
  using InProcessDoor::InProcessDoor;

  base::Result<base::Fd> open_log_folder(const base::LogFolder& folder) override {
    if (meanwhile) meanwhile();
    if (refuses) return base::Error{.code = refuses, .attempt = "open a folder"};
    return InProcessDoor::open_log_folder(folder);
  }
  base::Result<base::Fd> open_log(const base::LogFolder& folder, std::string_view file) override {
    if (meanwhile) meanwhile();
    if (refuses) return base::Error{.code = refuses, .attempt = "open a log"};
    return InProcessDoor::open_log(folder, file);
  }

  std::function<void()> meanwhile;
  int refuses = 0;  ///< with this code
};

/// A folder of logs on the host and a follower of one of them, "app.log", that can be killed and started again.
class FollowedLog {
 public:
  explicit FollowedLog(LogKind kind = LogKind::Plain, bool watch = true) : kind_(kind), watch_(watch) { start(); }

  std::string path(const std::string& name = "app.log") const { return directory_.path() + "/" + name; }
  void append(const std::string& text, const std::string& name = "app.log") const {
    std::ofstream(path(name), std::ios::app | std::ios::binary) << text;
  }
  void rename(const std::string& from, const std::string& to) const { std::filesystem::rename(path(from), path(to)); }
  void remove(const std::string& name = "app.log") const { std::filesystem::remove(path(name)); }

  void start(bool from_end = false, bool held = false) {
    follower = std::make_unique<Follower>(door_, FollowerOptions{.watch = watch_});
    LogSpec spec = spec_of("app.log");
    spec.from_end = from_end;
    log = follower->follow(spec, told.position, now, held);
  }
  /// kill -9, and up again from what was committed.
  void kill_and_start() {
    told.forget_uncommitted();
    start();
  }
  LogSpec spec_of(const std::string& file) const {
    return {.log = "file:" + file,
            .kind = kind_,
            .folder = {.home = base::LogHome::Host, .name = directory_.path()},
            .file = file};
  }

  /// What the daemon does once a second, and then reads all there is.
  void turn(bool sweep = true) {
    now += base::kSecond;
    follower->dispatch(now);
    if (sweep) follower->sweep(now);
    read();
  }
  void read() {
    while (follower->read(told, now, base::now() + base::kSecond)) {
    }
  }
  /// Long enough that a file which another took the place of is left.
  void turns(int count = 3) {
    for (int i = 0; i < count; ++i) turn();
  }

  RestlessDoor& door() { return door_; }

  base::Instant now = 1'000 * base::kSecond;
  Recorder told;
  std::unique_ptr<Follower> follower;
  LogHandle log = 0;

 private:
  TemporaryDirectory directory_;
  LogKind kind_;
  bool watch_;
  RestlessDoor door_{{.log_files = {directory_.path() + "/*.log"}}};
};

}  // namespace benchd::logs
