#include <cerrno>
#include <deque>
#include <functional>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "followed_logs.h"

namespace benchd::logs {
namespace {

/// Writes numbered lines as an engine or a program does, in pieces and over rotations, at the dice's will.
class Writer {
 public:
  Writer(FollowedLog& log, LogKind kind, std::mt19937_64& dice) : log_(log), kind_(kind), dice_(dice) {}

  void write() {
    if (kind_ == LogKind::Plain) {
      pending_ += "a plain line " + std::to_string(next_++) + "\n";
      // Any cut, also in the middle of a line.
      const size_t length = roll(pending_.size() + 1);
      log_.append(pending_.substr(0, length));
      pending_.erase(0, length);
      return;
    }
    const size_t stream = roll(2);
    const bool ends = roll(3) > 0;
    if (open_[stream].empty()) open_[stream] = "a line of a stream " + std::to_string(next_++) + " ";
    // No two records are alike, as with the times of real ones.
    const std::string piece = fresh_[stream] ? open_[stream] : "more " + std::to_string(pieces_++) + " ";
    fresh_[stream] = ends;
    record(piece, stream, ends);
    if (ends) open_[stream].clear();
  }

  /// An engine never cuts a record by a rotation; nor does a program that writes line by line.
  void flush() {
    log_.append(pending_);
    pending_.clear();
  }
  void end() {
    flush();
    for (size_t stream = 0; stream < 2; ++stream)
      if (!open_[stream].empty()) record("end", stream, true);
    flush();
  }

  size_t lines() const { return next_; }
  size_t roll(size_t sides) { return dice_() % sides; }

 private:
  void record(const std::string& text, size_t stream, bool ends) {
    const char* const name = stream == 0 ? "stdout" : "stderr";
    std::string record = json_record(text, name, ends);
    if (kind_ == LogKind::Cri)
      record = std::string("2025-01-02T03:04:05.5Z ") + name + (ends ? " F " : " P ") + text + "\n";
    pending_ += record;
    const size_t length = roll(4) == 0 ? roll(pending_.size() + 1) : pending_.size();
    log_.append(pending_.substr(0, length));
    pending_.erase(0, length);
  }

  FollowedLog& log_;
  LogKind kind_;
  std::mt19937_64& dice_;
  size_t next_ = 0;
  size_t pieces_ = 0;
  std::string pending_;  ///< given to write(2) later
  std::array<std::string, 2> open_;
  std::array<bool, 2> fresh_ = {true, true};
};

/// Files .1, .2 and so on, the older ones compressed, as the kubelet does: name by name, of which a reader may see any
/// state.
class Rotation {
 public:
  Rotation(FollowedLog& log, bool compresses) : log_(log), compresses_(compresses) {}

  /// Nobody rotates an empty file.
  void begin() {
    finish();
    if (!std::filesystem::exists(log_.path()) || std::filesystem::file_size(log_.path()) == 0) return;
    for (size_t number = rotated_; number > 0; --number)
      for (const char* ending : {"", ".gz"}) {
        const std::string from = "app.log." + std::to_string(number) + ending;
        const std::string to = "app.log." + std::to_string(number + 1) + ending;
        if (std::filesystem::exists(log_.path(from))) steps_.emplace_back([=, this] { log_.rename(from, to); });
      }
    steps_.emplace_back([this] { log_.rename("app.log", "app.log.1"); });
    if (compresses_ && rotated_ > 0) steps_.emplace_back([this] { compress(log_.path("app.log.2")); });
    ++rotated_;
  }
  bool is_under_way() const { return !steps_.empty(); }
  void step() {
    steps_.front()();
    steps_.pop_front();
  }
  void finish() {
    while (is_under_way()) step();
  }
  size_t rotated() const { return rotated_; }

 private:
  FollowedLog& log_;
  const bool compresses_;
  std::deque<std::function<void()>> steps_;
  size_t rotated_ = 0;
};

class KillAndResume : public testing::TestWithParam<LogKind> {
 protected:
  static void run(LogKind kind, uint64_t seed) {
    std::mt19937_64 dice(seed);
    // Closing an inotify instance takes the kernel 20 ms.
    FollowedLog log(kind, seed % 64 == 0);
    Writer writer(log, kind, dice);
    const bool unlinks = writer.roll(4) == 0;
    Rotation rotation(log, writer.roll(2) == 0);
    // While the reader looks, names move on, and lines come once all have moved; now and then it can look in peace.
    size_t disturbances = 0;
    log.door().meanwhile = [&] {
      // What is unlinked before it could be opened is gone.
      if (unlinks) return;
      log.door().refuses = writer.roll(64) == 0 ? EMFILE : 0;
      if (disturbances == 3 || writer.roll(8) > 0) return;
      ++disturbances;
      for (size_t burst = 1 + writer.roll(12); burst > 0; --burst) {
        if (rotation.is_under_way()) {
          rotation.step();
        } else if (writer.roll(4) == 0) {
          writer.flush();
          rotation.begin();
        } else {
          writer.write();
        }
      }
    };
    const size_t steps = 5 + writer.roll(60);
    for (size_t step = 0; step < steps; ++step) {
      disturbances = 0;
      switch (writer.roll(10)) {
        case 0:
          // What is unlinked is out of a new process's reach.
          if (!unlinks) log.kill_and_start();
          break;
        case 1:
          writer.flush();
          if (unlinks) {
            log.turn();
            log.remove();
          } else {
            rotation.begin();
            if (writer.roll(2) == 0) rotation.finish();
          }
          break;
        case 2:
        case 3:
          log.turn();
          break;
        case 4:
          // A step of the reader that the kill may follow at once.
          log.now += base::kSecond;
          log.follower->dispatch(log.now);
          log.follower->sweep(log.now);
          log.follower->read(log.told, log.now, 0);
          break;
        default:
          rotation.finish();
          writer.write();
      }
    }
    log.door().meanwhile = {};
    log.door().refuses = 0;
    rotation.finish();
    writer.end();
    log.turns(3 * static_cast<int>(rotation.rotated()) + 6);
    log.follower->finish(log.log);
    log.turns(3);

    std::multiset<size_t> numbers;
    for (const std::string& line : log.told.lines) {
      const size_t digit = line.find_first_of("0123456789");
      ASSERT_NE(digit, std::string::npos) << "seed " << seed << ": " << line;
      numbers.insert(std::stoul(line.substr(digit)));
    }
    for (size_t number = 0; number < writer.lines(); ++number)
      ASSERT_EQ(numbers.count(number), 1) << "seed " << seed << ", line " << number;
    ASSERT_EQ(log.told.lines.size(), writer.lines()) << "seed " << seed;
    ASSERT_EQ(log.told.counts.losses, 0) << "seed " << seed;
    ASSERT_EQ(log.told.counts.malformed, 0) << "seed " << seed;
  }
};

TEST_P(KillAndResume, GivesEachLineExactlyOnceWhateverHappens) {
  const char* const runs = std::getenv("BENCHD_SCHEDULES");
  const uint64_t schedules = runs == nullptr ? 700 : std::strtoull(runs, nullptr, 10);
  for (uint64_t seed = 1; seed <= schedules && !HasFatalFailure(); ++seed) run(GetParam(), seed);
}

INSTANTIATE_TEST_SUITE_P(Kinds, KillAndResume, testing::Values(LogKind::JsonFile, LogKind::Cri, LogKind::Plain));

}  // namespace
}  // namespace benchd::logs
