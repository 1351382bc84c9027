/// Lines per second of CPU time from a Docker json-file: read, unwrapped, and a quarter of them matched by a regex with
/// two captures behind a search for its literal, as rules do. Fails below 2 million. Then what a thousand logs cost to
/// which nobody writes. `bench_logs [LINES]`.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <re2/re2.h>

#include "collectors/tasks/logs/follower.h"
#include "daemon/door/in_process_door.h"

namespace {

using benchd::logs::LogHandle;

constexpr double kFloor = 2e6;

class Counter : public benchd::logs::LogListener {
 public:
  void line(LogHandle /*log*/, const benchd::model::LogLine& line) override {
    ++lines;
    if (line.text.find("done in ") == std::string_view::npos) return;
    re2::StringPiece id;
    re2::StringPiece duration;
    if (RE2::PartialMatch(re2::StringPiece(line.text.data(), line.text.size()), pattern_, &id, &duration)) ++matched;
  }
  void reached(LogHandle /*log*/, const benchd::logs::Reached& reached) override { bytes += reached.counts.bytes; }
  void ended(LogHandle /*log*/) override {}

  size_t lines = 0;
  size_t matched = 0;
  uint64_t bytes = 0;

 private:
  const RE2 pattern_{R"(task (\d+) done in ([\d.]+) ms)"};
};

void write_log(const std::string& path, size_t lines) {
  std::ofstream out(path, std::ios::binary);
  for (size_t i = 0; i < lines; ++i) {
    out << R"({"log":"2025-01-02 03:04:05,678 INFO [worker-)" << i % 8 << "] ";
    if (i % 4 == 0)
      out << "task " << i << " done in " << i % 1000 << ".5 ms";
    else
      out << "fetched \\\"item " << i << "\\\" from the queue, " << i % 77 << " left";
    out << R"(\n","stream":"stdout","time":"2025-01-02T03:04:05.)" << 100'000'000 + i % 800'000'000 << "Z\"}\n";
  }
}

double cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

/// The median, in microseconds of CPU time.
double sweep_of(size_t logs, const std::string& folder, benchd::daemon::InProcessDoor& door) {
  benchd::logs::Follower follower(door);
  Counter counter;
  benchd::base::Instant now = benchd::base::kSecond;
  for (size_t i = 0; i < logs; ++i) {
    const std::string file = std::to_string(i) + ".log";
    std::ofstream(folder + "/" + file) << "a line\n";
    follower.follow({.log = file, .folder = {.name = folder}, .file = file}, {}, now);
  }
  std::vector<double> times;
  for (int round = 0; round < 31; ++round) {
    now += benchd::base::kSecond;
    const double before = cpu_seconds();
    follower.dispatch(now);
    follower.sweep(now);
    while (follower.read(counter, now, benchd::base::now() + benchd::base::kSecond)) {
    }
    times.push_back(cpu_seconds() - before);
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2] * 1e6;
}

}  // namespace

int main(int argc, char** argv) {
  const size_t lines = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 2'000'000;
  std::string folder = (std::filesystem::temp_directory_path() / "bench-logs-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) return 1;
  const std::string path = folder + "/app.log";
  write_log(path, lines);

  double best = 0;
  bool complete = true;
  benchd::daemon::InProcessDoor door({.log_files = {folder + "/*.log"}});
  for (int round = 0; round < 5; ++round) {
    benchd::logs::Follower follower(door);
    Counter counter;
    const double before = cpu_seconds();
    follower.follow(
        {.log = "bench", .kind = benchd::logs::LogKind::JsonFile, .folder = {.name = folder}, .file = "app.log"}, {},
        benchd::base::now());
    while (follower.read(counter, benchd::base::now(), benchd::base::now() + 20 * benchd::base::kMillisecond)) {
    }
    const double rate = static_cast<double>(lines) / (cpu_seconds() - before);
    complete = complete && counter.lines == lines && counter.matched == (lines + 3) / 4 &&
               counter.bytes == std::filesystem::file_size(path);
    best = std::max(best, rate);
    std::printf("%zu lines, %zu matched, %.2f M lines/s, %.0f MB/s\n", counter.lines, counter.matched, rate / 1e6,
                static_cast<double>(counter.bytes) / static_cast<double>(lines) * rate / 1e6);
  }
  std::printf("a sweep over 1000 idle logs: %.0f us\n", sweep_of(1000, folder, door));
  std::filesystem::remove_all(folder);
  if (!complete) std::puts("not every line was read");
  if (best < kFloor) std::puts("below 2 M lines/s");
  return complete && best >= kFloor ? 0 : 1;
}
