#include "collectors/tasks/logs/journal_log.h"

#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "followed_logs.h"

namespace benchd::logs {
namespace {

using testing::ElementsAre;

constexpr const char* kImporter = "/lib/systemd/systemd-journal-remote";
const std::string kContainer(64, 'c');

struct Entry {
  std::string message;
  int ordinal = 0;
  bool partial = false;
  int priority = 6;
  std::string container = kContainer;
  std::string epoch = "e1";
};

/// Journals as journald writes them, made from its export format.
class JournalTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::access(kImporter, X_OK) != 0) GTEST_SKIP() << "systemd-journal-remote is not installed";
  }

  /// Writes another file of the journal.
  void write(const std::vector<Entry>& entries) {
    std::string exported;
    for (const Entry& entry : entries) {
      ++time_;
      exported += "__REALTIME_TIMESTAMP=" + std::to_string(1'735'787'045'000'000 + time_) +
                  "\n__MONOTONIC_TIMESTAMP=" + std::to_string(1'000'000 + time_) +
                  "\n_BOOT_ID=0123456789abcdef0123456789abcdef\nMESSAGE=" + entry.message +
                  "\nPRIORITY=" + std::to_string(entry.priority) + "\nCONTAINER_ID_FULL=" + entry.container +
                  "\nSYSLOG_TIMESTAMP=2025-01-02T03:04:05.000000007Z\n";
      if (entry.partial) exported += "CONTAINER_PARTIAL_MESSAGE=true\n";
      if (entry.ordinal > 0)
        exported +=
            "CONTAINER_LOG_EPOCH=" + entry.epoch + "\nCONTAINER_LOG_ORDINAL=" + std::to_string(entry.ordinal) + "\n";
      exported += "\n";
    }
    const std::string command = std::string(kImporter) + " -o " + path_of(++files_) + " - >/dev/null 2>&1";
    const std::unique_ptr<FILE, int (*)(FILE*)> importer(::popen(command.c_str(), "w"), &::pclose);
    ASSERT_NE(importer, nullptr);
    ASSERT_EQ(std::fwrite(exported.data(), 1, exported.size(), importer.get()), exported.size());
  }
  void remove_file(int number) { std::filesystem::remove(path_of(number)); }

  /// Changes how many entries the container has in its index in a file by this; tells whoever watches the file.
  /// journald counts an entry among all of the file before it puts it into the index of each field
  /// (journal_file_link_entry in systemd's journal-file.c; the layout of a DATA object: JOURNAL_FILE_FORMAT.md).
  void change_indexed(int number, int64_t by) {
    std::fstream file(path_of(number), std::ios::in | std::ios::out | std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    const std::string payload = "CONTAINER_ID_FULL=" + kContainer;
    const size_t at = bytes.find(payload);
    ASSERT_NE(at, std::string::npos);
    constexpr size_t kSizeOffset = 8;
    constexpr size_t kCountOffset = 56;
    const auto holds = [&](size_t header) {  // with compact files, of which systemd 252 made the first, it is longer
      uint64_t size = 0;
      std::memcpy(&size, &bytes[at - header + kSizeOffset], sizeof size);
      return size == header + payload.size();
    };
    const size_t object = at - (holds(64) ? 64 : 72);
    uint64_t count = 0;
    std::memcpy(&count, &bytes[object + kCountOffset], sizeof count);
    count += static_cast<uint64_t>(by);
    file.seekp(static_cast<std::streamoff>(object + kCountOffset));
    file.write(reinterpret_cast<const char*>(&count), sizeof count);  // NOLINT(*-reinterpret-cast)
  }

  void start(bool from_end = false) {
    told.forget_uncommitted();
    follower = std::make_unique<Follower>(door_, FollowerOptions{.journal_directory = directory_.path()});
    log = follower->follow({.log = "docker:c", .kind = LogKind::Journal, .container = kContainer, .from_end = from_end},
                           told.position, now);
  }
  void turn() {
    now += base::kSecond;
    follower->dispatch(now);
    follower->sweep(now);
    while (follower->read(told, now, base::now() + base::kSecond)) {
    }
  }

  base::Instant now = 1000 * base::kSecond;
  Recorder told;
  std::unique_ptr<Follower> follower;
  LogHandle log = 0;

 private:
  std::string path_of(int number) const { return directory_.path() + "/" + std::to_string(number) + ".journal"; }

  TemporaryDirectory directory_;
  daemon::InProcessDoor door_;
  uint64_t time_ = 0;
  int files_ = 0;
};

TEST_F(JournalTest, GivesTheContainersLinesAlone) {
  write({{"one"}, {"another's", 0, false, 6, std::string(64, 'd')}, {"two", 0, false, 3}});
  start();
  turn();
  EXPECT_THAT(told.lines, ElementsAre("one", "two"));
  EXPECT_EQ(told.stamps[0], 1'735'787'045'000'000'007);
}

TEST_F(JournalTest, GivesEachLineOnceAfterAKill) {
  write({{"one"}, {"two"}});
  start();
  turn();
  start();
  write({{"three"}});
  turn();
  EXPECT_THAT(told.lines, ElementsAre("one", "two", "three"));
  EXPECT_EQ(told.counts.bytes, 11);
}

TEST_F(JournalTest, SeesWhatComesWhileItWaits) {
  write({{"one"}});
  start();
  turn();
  write({{"two"}});
  turn();
  EXPECT_THAT(told.lines, ElementsAre("one", "two"));
}

TEST_F(JournalTest, SeesAnEntryThatItCameUponWhileItWasWritten) {
  write({{"one"}, {"two"}, {"three"}});
  change_indexed(1, -1);
  start();
  turn();
  EXPECT_THAT(told.lines, ElementsAre("one", "two"));
  change_indexed(1, +1);
  turn();
  EXPECT_THAT(told.lines, ElementsAre("one", "two", "three"));
}

TEST_F(JournalTest, SeesAnEntryThatItCameUponWhileItWasWrittenThoughTheNextIsInAnotherFile) {
  write({{"one"}, {"two"}});
  change_indexed(1, -1);
  start();
  turn();
  change_indexed(1, +1);
  write({{"three"}});
  turn();
  EXPECT_THAT(told.lines, ElementsAre("one", "two", "three"));
}

TEST_F(JournalTest, ReadsOnThoughWhatItReadLastIsVacuumed) {
  write({{"one"}});
  start();
  turn();
  remove_file(1);
  write({{"two"}});
  turn();
  EXPECT_THAT(told.lines, ElementsAre("one", "two"));
  EXPECT_EQ(told.counts.losses, 0);
}

TEST_F(JournalTest, CanStartWithWhatComes) {
  write({{"one"}});
  start(true);
  turn();
  start();
  write({{"two"}});
  turn();
  EXPECT_THAT(told.lines, ElementsAre("two"));
}

TEST_F(JournalTest, SaysThatNothingIsToBeSeenUntilSomethingIs) {
  start();
  turn();
  ASSERT_TRUE(follower->status(log).trouble) << "as where this user may read none of its files";
  write({{"one"}});
  turn();
  EXPECT_THAT(told.lines, ElementsAre("one"));
  EXPECT_FALSE(follower->status(log).trouble);
}

TEST_F(JournalTest, CountsWhatJournaldSuppressedByTheNumbersThatAreMissing) {
  write({{"1", 1}, {"2", 2}, {"7", 7}});
  start();
  turn();
  EXPECT_EQ(told.counts.lost_lines, 4);
  start();
  write({{"8", 8}, {"10", 10}, {"first of a new dockerd's", 1, false, 6, kContainer, "e2"}});
  turn();
  EXPECT_EQ(told.counts.lost_lines, 5) << "the numbers go on over a restart, and begin anew with each logger";
}

TEST_F(JournalTest, JoinsPiecesOfTwoStreamsOnceAfterAKill) {
  write({{"a"}, {"out 1 ", 0, true}, {"err", 0, false, 3}, {"err 1 ", 0, true, 3}});
  start();
  turn();
  EXPECT_THAT(told.lines, ElementsAre("a", "err"));
  start();
  write({{"out 2"}, {"err 2", 0, false, 3}, {"b"}});
  turn();
  EXPECT_THAT(told.lines, ElementsAre("a", "err", "out 1 out 2", "err 1 err 2", "b"));
  EXPECT_EQ(told.counts.bytes, 1 + 3 + 11 + 11 + 1);
}

TEST_F(JournalTest, CountsALossWhereItsPlaceWasVacuumed) {
  write({{"one"}});
  write({{"two"}});
  start();
  turn();
  remove_file(1);
  remove_file(2);
  write({{"three"}});
  start();
  turn();
  EXPECT_THAT(told.lines, ElementsAre("one", "two", "three"));
  EXPECT_EQ(told.counts.losses, 1);
}

TEST_F(JournalTest, EndsAndGivesALineThatWillNotEnd) {
  write({{"one"}, {"cut", 0, true}});
  start();
  turn();
  follower->finish(log);
  turn();
  turn();
  EXPECT_THAT(told.lines, ElementsAre("one", "cut"));
  EXPECT_THAT(told.ended_logs, ElementsAre(log));
}

}  // namespace
}  // namespace benchd::logs
