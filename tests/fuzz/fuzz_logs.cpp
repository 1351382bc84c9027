/// What containers and engines write, given to everything that reads it.
#include <filesystem>
#include <fstream>
#include <functional>

#include <nlohmann/json.hpp>

#include "collectors/tasks/logs/engine_frames.h"
#include "collectors/tasks/logs/engine_response.h"
#include "collectors/tasks/logs/engine_stream.h"
#include "collectors/tasks/logs/file_place.h"
#include "collectors/tasks/logs/follower.h"
#include "collectors/tasks/logs/journal_log.h"
#include "collectors/tasks/logs/log_file.h"
#include "collectors/tasks/logs/record.h"
#include "collectors/tasks/logs/siblings.h"
#include "daemon/door/in_process_door.h"
#include "fuzz.h"

namespace {

using namespace benchd;
using fuzz::require;
using logs::LogKind;

const std::string kJson =
    R"({"log":"a \"b\" \u003c\ud83d\ude00\\\n","stream":"stdout","time":"2025-01-02T03:04:05.5Z"})"
    "\n"
    R"({"log":"piece","stream":"stderr","attrs":{"k":"v"},"time":"2025-01-02T03:04:05Z"})"
    "\n";
// Was taken for a record without a text.
const std::string kJsonWithBlank =
    "{\"log\":\n"
    R"("a \"b\" [\nu003c\ud83d\ude00\\\n","stream":"stdout","time":"2025-01-02T03:04:05.54:05.5Z"})";
const std::string kCri =
    "2025-01-02T03:04:05.123456789Z stdout F whole\n2025-01-02T03:04:05+01:00 stderr P:tag piece\n";
const std::string kPlain = "one line\r\nanother\n\nlast";

/// nlohmann's opinion, where it has one: it refuses halves of surrogate pairs and invalid UTF-8.
void check_json(std::string_view input) {
  std::string scratch;
  logs::Record record;
  const bool taken = logs::parse_json_file(input, scratch, record);
  const auto document = nlohmann::json::parse(input, nullptr, false);
  if (!taken || !document.is_object()) return;
  for (const char* key : {"log", "stream", "time"})
    if (input.find('"' + std::string(key) + '"') != input.rfind('"' + std::string(key) + '"')) return;
  if (!document.contains("log") || !document["log"].is_string()) return;
  std::string expected = document["log"];
  require(record.ends_line == expected.ends_with('\n'), "the end of the line is another");
  if (record.ends_line) {
    expected.pop_back();
    if (expected.ends_with('\r') && record.text.size() < expected.size()) expected.pop_back();
  }
  require(record.text == expected, "the text is another");
}

void check_cri(std::string_view input) {
  logs::Record record;
  if (!logs::parse_cri(input, record)) return;
  require(record.stamp.has_value() && (record.text.empty() || input.find(record.text) != std::string_view::npos),
          "the text is none of the record's");
}

struct Counted : logs::EngineFrames::Listener {
  void record(const logs::Record& record, size_t /*bytes*/, bool /*truncated*/) override { texts += record.text; }
  void engine_error(std::string_view text) override { texts += text; }
  std::string texts;
};

/// However the body is cut, the records are the same.
void check_frames(std::string_view input) {
  Counted whole;
  logs::EngineFrames().take(input, whole);
  Counted pieces;
  logs::EngineFrames frames;
  for (size_t at = 0; at < input.size(); at += 7) frames.take(input.substr(at, 7), pieces);
  require(whole.texts == pieces.texts, "the records depend on how the body arrives");
}

void check_response(std::string_view input) {
  const auto body_of = [&](size_t piece) {
    logs::EngineResponse response;
    std::string body;
    for (size_t at = 0; at < input.size(); at += piece) {
      const auto done = response.take(input.substr(at, piece), [&](std::string_view part) { body += part; });
      if (!done.ok()) return std::string("refused");
      if (*done) break;
    }
    return body;
  };
  body_of(1);
  body_of(input.size() + 1);
}

void check_places(std::string_view input) {
  if (const auto place = logs::parse_file_place(input))
    require(logs::parse_file_place(to_text(*place)) == place, "a file's place is another after text");
  if (const auto place = logs::parse_stream_place(input))
    require(logs::parse_stream_place(to_text(*place)) == place, "a stream's place is another after text");
  if (const auto place = logs::parse_journal_place(input))
    require(logs::parse_journal_place(to_text(*place)) == place, "a journal's place is another after text");
}

void check_siblings(std::string_view input) {
  std::vector<std::string> names;
  for (size_t at = 0; at < input.size();) {
    const size_t end = std::min(input.find('\n', at), input.size());
    names.emplace_back(input.substr(at, end - at));
    at = end + 1;
  }
  require(logs::siblings_of("app.log", names).size() <= names.size(), "more files than names");
}

class Lines : public logs::LogListener {
 public:
  void line(logs::LogHandle /*log*/, const model::LogLine& line) override {
    require(line.text.size() <= logs::kMaxLine, "a line is longer than the bound");
    all.emplace_back(line.text);
  }
  void reached(logs::LogHandle /*log*/, const logs::Reached& reached) override {
    position = reached.position;
    bytes += reached.counts.bytes;
    committed = all.size();
  }
  void ended(logs::LogHandle /*log*/) override { ended_ = true; }
  bool has_ended() const { return ended_; }

  std::vector<std::string> all;
  model::LogPosition position;
  uint64_t bytes = 0;
  size_t committed = 0;

 private:
  bool ended_ = false;
};

/// A folder with one log for all checks of a run.
class Folder {
 public:
  Folder() {
    path_ = (std::filesystem::temp_directory_path() / "fuzz-logs-XXXXXX").string();
    require(::mkdtemp(path_.data()) != nullptr, "no folder to be had");
    door_.emplace(daemon::DoorPaths{.log_files = {path_ + "/*.log"}});
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  void write(std::string_view text, const char* name = "app.log") const {
    // ext4 writes a file out that is cut and closed, but not one that is made anew.
    std::filesystem::remove(path_ + "/" + name);
    std::ofstream(path_ + "/" + name, std::ios::binary) << text;
  }
  void append(std::string_view text) const {
    std::ofstream(path_ + "/app.log", std::ios::binary | std::ios::app) << text;
  }
  base::Result<base::Fd> open(const char* name) const { return door_->open_log({.name = path_}, name); }

  void read(LogKind kind, Lines& lines, bool to_the_end) const {
    logs::Follower follower(*door_, {.settle = 0, .watch = false});
    const auto log =
        follower.follow({.log = "l", .kind = kind, .folder = {.name = path_}, .file = "app.log"}, lines.position, 1);
    if (to_the_end) follower.finish(log);
    for (int turn = 0; turn < 1000 && follower.read(lines, 1, 0); ++turn) {
    }
    require(!to_the_end || lines.has_ended(), "the log does not end");
  }

 private:
  std::string path_;
  mutable std::optional<daemon::InProcessDoor> door_;
};

Folder& folder() {
  static Folder the_folder;
  return the_folder;
}

/// A kill between two halves of a file makes no difference to the lines and the bytes.
std::function<void(std::string_view)> check_follower(LogKind kind) {
  return [kind](std::string_view input) {
    folder().write(input);
    Lines whole;
    folder().read(kind, whole, true);
    require(whole.bytes == input.size(), "not every byte is counted");

    const size_t half = input.size() / 2;
    folder().write(input.substr(0, half));
    Lines halves;
    folder().read(kind, halves, false);
    halves.all.resize(halves.committed);
    folder().append(input.substr(half));
    folder().read(kind, halves, true);
    require(halves.all == whole.all, "other lines after a kill");
    require(halves.bytes == input.size(), "other bytes after a kill");
  };
}

void check_gunzip(std::string_view input) {
  folder().write(input, "old.log.gz");
  auto fd = folder().open("old.log.gz");
  require(fd.ok(), "cannot be opened");
  logs::LogFile file(std::move(*fd), true);
  char bytes[4096];
  uint64_t offset = 0;
  for (int i = 0; i < 100; ++i) {
    const auto got = file.read_at(offset, bytes, sizeof bytes);
    if (!got.ok() || *got == 0) break;
    offset += *got;
  }
}

std::string frame(char type, const std::string& payload) {
  return std::string{type, 0, 0, 0, 0, 0, 0, static_cast<char>(payload.size())} + payload;
}

// printf 'a line\nanother\n' | gzip -n
constexpr unsigned char kGzip[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x4b, 0x54,
                                   0xc8, 0xc9, 0xcc, 0x4b, 0xe5, 0x4a, 0xcc, 0xcb, 0x2f, 0xc9, 0x48, 0x2d,
                                   0xe2, 0x02, 0x00, 0xcc, 0x60, 0xe8, 0x1f, 0x0f, 0x00, 0x00, 0x00};

}  // namespace

int main(int argc, char** argv) {
  const std::string frames = frame(1, "2025-01-02T03:04:05Z a\n") + frame(2, "2025-01-02T03:04:05Z piece");
  return fuzz::run(
      argc, argv,
      {{"json", {kJson.substr(0, kJson.find('\n')), kJson.substr(kJson.find('\n') + 1), kJsonWithBlank}, check_json},
       {"cri", {kCri.substr(0, kCri.find('\n')), kCri.substr(kCri.find('\n') + 1)}, check_cri},
       {"frames", {frames, frame(3, "an error"), "2025-01-02T03:04:05Z a\r\n2025-01-02T03:04:06Z b\r\n"}, check_frames},
       {"response",
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
         "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nabc"},
        check_response},
       {"places",
        {"file1 1:44 0:204 1:44 850053a97e1192d0 0 fe00:98a732:18ea4b:370:1ed253 fe00:98a728:18ea4b:44:8500",
         "engine1 1735787045123456789:2 0:0", "journal1 0 3 s=1;i=2;b=3"},
        check_places},
       {"siblings", {"app.log\napp.log.1\napp.log.2.gz\napp-20250101.log\napp.log.20250101-000000"}, check_siblings},
       {"gunzip", {{reinterpret_cast<const char*>(kGzip), sizeof kGzip}}, check_gunzip},
       {"json_file", {kJson, kJson + kJson}, check_follower(LogKind::JsonFile)},
       {"cri_file", {kCri, kCri + kCri}, check_follower(LogKind::Cri)},
       {"plain_file", {kPlain, std::string(3, '\0') + kPlain}, check_follower(LogKind::Plain)}});
}
