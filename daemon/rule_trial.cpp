#include "daemon/rule_trial.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <map>

#include <unistd.h>

#include "base/clock.h"
#include "collectors/tasks/logs/line_joiner.h"
#include "collectors/tasks/logs/record.h"
#include "collectors/tasks/rules/pairs.h"
#include "collectors/tasks/rules/tally.h"

namespace benchd::daemon {
namespace {

using base::Result;

/// A record of json-file that holds a line of the greatest length may be six times as long. What is read at once should
/// still be in the cache when it is looked at.
constexpr size_t kBuffer = 2UL << 20;
constexpr size_t kRead = 128UL << 10;
constexpr size_t kSamples = 3;

/// Cuts what is read into lines, whatever they hold, and puts them to `take(line, whole)`: a line that does not fit the
/// buffer comes as its head, and is not whole.
template <class Take>
Result<uint64_t> cut_lines(int fd, Take&& take) {
  std::vector<char> buffer(kBuffer);
  uint64_t bytes = 0;
  size_t held = 0;
  bool skipping = false;  // the rest of a line whose head was given
  for (;;) {
    const ssize_t got = ::read(fd, buffer.data() + held, std::min(kRead, buffer.size() - held));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base::errno_error("read the log");
    if (got == 0) break;
    bytes += static_cast<uint64_t>(got);
    std::string_view rest(buffer.data(), held + static_cast<size_t>(got));
    size_t searched = held;  // no newline before
    for (;;) {
      const auto* end = static_cast<const char*>(std::memchr(rest.data() + searched, '\n', rest.size() - searched));
      if (end == nullptr) break;
      const auto length = static_cast<size_t>(end - rest.data());
      if (!skipping) take(rest.substr(0, length), true);
      skipping = false;
      rest.remove_prefix(length + 1);
      searched = 0;
    }
    if (rest.size() == buffer.size()) {
      if (!skipping) take(rest, false);
      skipping = true;
    }
    held = skipping ? 0 : rest.size();
    std::memmove(buffer.data(), rest.data(), held);
  }
  if (held > 0 && !skipping) take(std::string_view(buffer.data(), held), true);
  return bytes;
}

Wrapping wrapping_of(std::string_view line) {
  logs::Record record;
  std::string scratch;
  if (line.starts_with("{\"log\":") && logs::parse_json_file(line, scratch, record)) return Wrapping::JsonFile;
  return logs::parse_cri(line, record) ? Wrapping::Cri : Wrapping::None;
}

class Counter : public rules::Sink {
 public:
  explicit Counter(std::span<const rules::Rule> rules) : tally(rules, {}), pairs(rules) {}
  void task(const model::TaskReport& report) override { tally.add(report); }
  void pair(const rules::PairEvent& event) override { pairs.take(event, *this); }

  rules::Tally tally;
  rules::Pairs pairs;
};

}  // namespace

Result<uint64_t> read_lines(int fd, Wrapping wrapping, const std::function<void(const model::LogLine&)>& take,
                            uint64_t& malformed) {
  std::string scratch;
  logs::LineJoiner joiners[2];  // by stream
  const auto whole = [&](std::string_view text, bool complete) {
    if (text.ends_with('\r')) text.remove_suffix(1);
    const bool truncated = !complete || text.size() > logs::kMaxLine;
    take({.text = text.substr(0, logs::kMaxLine), .stamp = {}, .truncated = truncated});
  };
  const auto unwrap = [&](std::string_view text, bool complete) {
    if (wrapping == Wrapping::Found) wrapping = wrapping_of(text);
    if (wrapping == Wrapping::None) return whole(text, complete);
    logs::Record record;
    const bool good = complete && (wrapping == Wrapping::JsonFile ? logs::parse_json_file(text, scratch, record)
                                                                  : logs::parse_cri(text, record));
    if (!good) {
      ++malformed;
    } else if (const auto line = joiners[static_cast<size_t>(record.stream)].take(record)) {
      take(*line);
    }
  };
  auto bytes = cut_lines(fd, unwrap);
  for (logs::LineJoiner& joiner : joiners)
    if (const auto line = joiner.flush()) take(*line);
  return bytes;
}

Result<Trial> try_rules(int fd, Wrapping wrapping, rules::RuleSet& rules) {
  Trial trial;
  Counter counter(rules.rules());
  rules.set_now(base::now() + base::wall_offset());
  const auto sample = [](std::vector<std::string>& samples, std::string_view line, const std::string& problem) {
    if (samples.size() < kSamples) samples.push_back(rules::label_text(line) + problem);
  };
  const auto take = [&](const model::LogLine& line) {
    ++trial.lines;
    trial.counts.truncated += line.truncated;
    switch (rules.match(line, counter)) {
      case rules::LineResult::Matched:
        ++trial.counts.matched;
        break;
      case rules::LineResult::Unmatched:
        ++trial.counts.unmatched;
        sample(trial.unmatched, line.text, {});
        break;
      case rules::LineResult::Malformed:
        ++trial.counts.malformed;
        sample(trial.malformed, line.text, ": " + rules::label_text(rules.problem()));
        break;
    }
  };
  const auto begun = std::chrono::steady_clock::now();
  uint64_t records = 0;
  const auto bytes = read_lines(fd, wrapping, take, records);
  if (!bytes.ok()) return bytes.error();
  trial.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  counter.pairs.close();
  trial.lines += records;
  trial.counts.malformed += records;
  trial.counts.bytes = *bytes;
  trial.counts.unpaired = counter.pairs.take_unpaired();
  trial.counts.overflowed = counter.tally.take_overflowed();
  std::map<model::TaskKey, model::TaskTotals> totals;  // two rules may have one key
  counter.tally.take([&](const model::TaskKey& key, const model::TaskTotals& growth) {
    model::TaskTotals& sum = totals[key];
    sum.tasks += growth.tasks;
    sum.timed += growth.timed;
    sum.duration_ns += growth.duration_ns;
  });
  for (auto& [key, sum] : totals) trial.tasks.push_back({.key = key, .totals = std::move(sum)});
  return trial;
}

}  // namespace benchd::daemon
