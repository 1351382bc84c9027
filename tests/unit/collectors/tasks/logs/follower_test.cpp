#include "collectors/tasks/logs/follower.h"

#include <cstring>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collectors/tasks/logs/record.h"
#include "followed_logs.h"

namespace benchd::logs {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Follower, GivesWhatIsThereAndWhatComes) {
  FollowedLog log;
  log.append("one\ntwo\n");
  log.turn();
  EXPECT_THAT(log.told.lines, ElementsAre("one", "two"));
  log.append("three\r\n");
  log.turn();
  EXPECT_THAT(log.told.lines, ElementsAre("one", "two", "three"));
  EXPECT_EQ(log.told.counts.bytes, 15);
}

TEST(Follower, IsWokenByAnEventAlone) {
  FollowedLog log;
  log.turn();
  log.append("one\n");
  pollfd ready{log.follower->fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&ready, 1, 5000), 1);
  log.turn(false);
  EXPECT_THAT(log.told.lines, ElementsAre("one"));
}

TEST(Follower, CanStartWithWhatComes) {
  FollowedLog log;
  log.append("old\nhalf an old ");
  log.start(true);
  log.turn();
  EXPECT_THAT(log.told.lines, IsEmpty());
  EXPECT_NE(log.told.position.place, "") << "the start is committed, or a crash would move it";
  log.append("line\nnew\n");
  log.turn();
  EXPECT_THAT(log.told.lines, ElementsAre("half an old line", "new"));
  EXPECT_EQ(log.told.counts.bytes, 21);
}

TEST(Follower, WaitsForTheEndOfALine) {
  FollowedLog log;
  log.append("one\nhal");
  log.turn();
  EXPECT_THAT(log.told.lines, ElementsAre("one"));
  log.append("f\n");
  log.turn();
  EXPECT_THAT(log.told.lines, ElementsAre("one", "half"));
}

TEST(Follower, GivesEachLineOnceAfterAKillInTheMiddleOfALine) {
  FollowedLog log;
  log.append("one\nhal");
  log.turn();
  log.kill_and_start();
  log.append("f\ntwo\n");
  log.turn();
  EXPECT_THAT(log.told.lines, ElementsAre("one", "half", "two"));
  EXPECT_EQ(log.told.counts.bytes, 13);
}

size_t open_files() {
  const std::filesystem::directory_iterator files("/proc/self/fd");
  return static_cast<size_t>(std::distance(begin(files), end(files)));
}

TEST(Follower, KeepsNoMoreThanSomeFilesOfALogOpenHoweverManyThereAre) {
  constexpr int kFiles = 200;
  FollowedLog log;
  log.append("0\n");
  log.turn();
  log.follower.reset();
  for (int number = 1; number <= kFiles; ++number) {
    for (int n = number - 1; n > 0; --n) log.rename("app.log." + std::to_string(n), "app.log." + std::to_string(n + 1));
    log.rename("app.log", "app.log.1");
    log.append(std::to_string(number) + "\n");
  }
  const size_t before = open_files();
  log.start();
  EXPECT_LE(open_files(), before + 70);
  log.turns(2 * kFiles);
  ASSERT_EQ(log.told.lines.size(), kFiles + 1);
  for (int number = 0; number <= kFiles; ++number)
    EXPECT_EQ(log.told.lines[static_cast<size_t>(number)], std::to_string(number));
  EXPECT_EQ(log.told.counts.losses, 0);
}

TEST(Follower, ReadsARenamedFileToItsEndBeforeTheNext) {
  FollowedLog log;
  log.append("1\n");
  log.turn();
  log.append("2\n");
  log.rename("app.log", "app.log.1");
  log.append("3\n", "app.log.1");
  log.append("5\n");
  log.turn();
  log.append("4\n", "app.log.1");  // its writer has not noticed yet
  log.turns();
  EXPECT_THAT(log.told.lines, ElementsAre("1", "2", "3", "4", "5"));
  EXPECT_EQ(log.told.counts.rotations, 1);
  EXPECT_EQ(log.told.counts.losses, 0);
}

TEST(Follower, GivesTheLastLineOfARotatedFileThatHasNoEnd) {
  FollowedLog log;
  log.append("1\nno end");
  log.turn();
  log.rename("app.log", "app.log.1");
  log.append("2\n");
  log.turns();
  EXPECT_THAT(log.told.lines, ElementsAre("1", "no end", "2"));
  EXPECT_EQ(log.told.counts.bytes, 10);
}

TEST(Follower, ReadsAnUnlinkedFileToItsEndBeforeTheNext) {
  FollowedLog log(LogKind::JsonFile);  // max-file=1
  log.append(json_record("1"));
  log.turn();
  log.append(json_record("2"));
  log.remove();
  log.append(json_record("3"));
  log.turns();
  EXPECT_THAT(log.told.lines, ElementsAre("1", "2", "3"));
  EXPECT_EQ(log.told.counts.losses, 0);
}

TEST(Follower, TellsOfAFileThatCameAndWentBetweenTwoLooks) {
  FollowedLog log(LogKind::JsonFile);
  log.append(json_record("1"));
  log.turn();
  for (const char* text : {"2", "3", "4"}) {
    log.remove();
    log.append(json_record(text));
  }
  log.turns();
  EXPECT_THAT(log.told.lines, ElementsAre("1", "4"));
  EXPECT_EQ(log.told.counts.losses, 2);
}

TEST(Follower, LosesNothingByTwoRotationsBetweenTwoLooks) {
  FollowedLog log(LogKind::JsonFile);
  log.append(json_record("1"));
  log.turn();
  log.append(json_record("2"));
  log.rename("app.log", "app.log.1");
  log.append(json_record("3"));
  log.rename("app.log.1", "app.log.2");
  log.rename("app.log", "app.log.1");
  log.append(json_record("4"));
  log.turns();
  EXPECT_THAT(log.told.lines, ElementsAre("1", "2", "3", "4"));
  EXPECT_EQ(log.told.counts.rotations, 2);
}

TEST(Follower, ReadsAFileThatWasRotatedBeforeItWasSeenThoughNoneFollowed) {
  FollowedLog log(LogKind::JsonFile);
  log.append(json_record("1"));
  log.turn();
  log.append(json_record("2"));
  log.rename("app.log", "app.log.1");
  log.append(json_record("3"));
  log.rename("app.log.1", "app.log.2");
  log.rename("app.log", "app.log.1");
  log.turns();
  EXPECT_THAT(log.told.lines, ElementsAre("1", "2", "3"));
  log.append(json_record("4"));
  log.turns();
  EXPECT_THAT(log.told.lines, ElementsAre("1", "2", "3", "4"));
  EXPECT_EQ(log.told.counts.rotations, 2);
  EXPECT_EQ(log.told.counts.losses, 0);
}

TEST(Follower, FollowsPodmansOverwriting) {
  FollowedLog log(LogKind::Cri);
  log.append("2025-01-02T03:04:05Z stdout F 1\n");
  log.turn();
  log.append("2025-01-02T03:04:05Z stdout F 2\n");
  log.append("2025-01-02T03:04:05Z stdout F 3\n", "app.log.tmp");
  log.rename("app.log.tmp", "app.log");
  log.turns();
  EXPECT_THAT(log.told.lines, ElementsAre("1", "2", "3"));
}

TEST(Follower, FindsItsPlaceAmongRotatedFilesAfterARestart) {
  FollowedLog log(LogKind::JsonFile);
  log.append(json_record("1"));
  log.turn();
  log.append(json_record("2"));
  log.rename("app.log", "app.log.1");
  log.append(json_record("3"));
  log.rename("app.log.1", "app.log.2");
  log.rename("app.log", "app.log.1");
  log.append(json_record("4"));
  log.kill_and_start();
  log.turns();
  EXPECT_THAT(log.told.lines, ElementsAre("1", "2", "3", "4"));
  EXPECT_EQ(log.told.counts.losses, 0);
}

TEST(Follower, FindsItsPlaceInACompressedFileAfterARestart) {
  FollowedLog log(LogKind::JsonFile);
  std::vector<std::string> expected;
  for (int i = 0; i < 5000; ++i) {
    expected.push_back("line " + std::to_string(i));
    log.append(json_record(expected.back()));
    if (i == 3000) log.turn();
  }
  log.rename("app.log", "app.log.1");
  compress(log.path("app.log.1"));
  log.append(json_record("new"));
  expected.emplace_back("new");
  log.kill_and_start();
  log.turns();
  EXPECT_EQ(log.told.lines, expected);
  EXPECT_EQ(log.told.counts.losses, 0);
}

TEST(Follower, ReadsAFileOnceThatIsCompressedWhileItIsRead) {
  FollowedLog log(LogKind::JsonFile);
  log.append(json_record("1"));
  log.turn();
  log.append(json_record("2"));
  log.rename("app.log", "app.log.1");
  compress(log.path("app.log.1"));
  log.append(json_record("3"));
  log.turns();
  EXPECT_THAT(log.told.lines, ElementsAre("1", "2", "3"));
}

TEST(Follower, CountsALossWhereItsPlaceIsGone) {
  FollowedLog log(LogKind::JsonFile);
  log.append(json_record("1"));
  log.turn();
  log.append(json_record("lost"));
  log.remove();
  ::usleep(20'000);  // births are told by the kernel's tick
  log.append(json_record("2"));
  log.kill_and_start();
  log.turns();
  EXPECT_THAT(log.told.lines, ElementsAre("1", "2"));
  EXPECT_EQ(log.told.counts.losses, 1);
}

TEST(Follower, NeverCountsTwiceForAPlaceItCannotRead) {
  FollowedLog log;
  log.append("1\n");
  log.turn();
  log.told.position.place = "file9 whatever";
  log.kill_and_start();
  log.append("2\n");
  log.turns();
  EXPECT_THAT(log.told.lines, ElementsAre("1", "2"));
  EXPECT_EQ(log.told.counts.losses, 1);
}

TEST(Follower, TellsAnInodeThatWasGivenAgain) {
  FollowedLog log;
  // ext4 and tmpfs hand out the same inode at once or not; either way the second file is another one.
  log.append("the first line of both\n1\n");
  log.turn();
  log.kill_and_start();
  log.remove();
  ::usleep(20'000);
  log.append("the first line of both\n2\n3\n");
  log.kill_and_start();
  log.turns();
  EXPECT_THAT(log.told.lines, ElementsAre("the first line of both", "1", "the first line of both", "2", "3"));
}

TEST(Follower, TellsATruncationToLess) {
  FollowedLog log;
  log.append("1\n2\n3\n");
  log.turn();
  ASSERT_EQ(::truncate(log.path().c_str(), 0), 0);
  log.append("4\n");
  log.turns();
  EXPECT_THAT(log.told.lines, ElementsAre("1", "2", "3", "4"));
  EXPECT_EQ(log.told.counts.truncations, 1);
}

TEST(Follower, TellsATruncationToTheSameLength) {
  FollowedLog log;
  log.append("1\n2\n3\n");
  log.turn();
  ASSERT_EQ(::truncate(log.path().c_str(), 0), 0);
  log.append("4\n5\n6\n");
  log.turns();
  EXPECT_THAT(log.told.lines, ElementsAre("1", "2", "3", "4", "5", "6"));
  EXPECT_EQ(log.told.counts.truncations, 1);
}

TEST(Follower, TellsATruncationWhileItWasNotThere) {
  FollowedLog log;
  log.append("1\n2\n3\n");
  log.turn();
  ASSERT_EQ(::truncate(log.path().c_str(), 0), 0);
  log.append("4\n5\n6\n7\n");
  log.kill_and_start();
  log.turns();
  EXPECT_THAT(log.told.lines, ElementsAre("1", "2", "3", "4", "5", "6", "7"));
  EXPECT_EQ(log.told.counts.truncations, 1);
}

TEST(Follower, ReadsTheRestInTheCopyThatCopytruncateMade) {
  FollowedLog log;
  log.append("a first line that is long enough\n1\n");
  log.turn();
  log.append("2\n");
  std::filesystem::copy_file(log.path(), log.path("app.log.1"));
  ASSERT_EQ(::truncate(log.path().c_str(), 0), 0);
  log.append("3\n");
  log.turns();
  EXPECT_THAT(log.told.lines, ElementsAre("a first line that is long enough", "1", "2", "3"));
  EXPECT_EQ(log.told.counts.truncations, 1);
  EXPECT_EQ(log.told.counts.losses, 0);
}

TEST(Follower, StepsOverTheHoleAWriterLeavesAfterATruncation) {
  FollowedLog log(LogKind::JsonFile);
  const std::string first = json_record("1") + json_record("2");
  log.append(first);
  log.turn();
  ASSERT_EQ(::truncate(log.path().c_str(), 0), 0);
  const base::Fd writer(::open(log.path().c_str(), O_WRONLY | O_CLOEXEC));  // writes on where it was
  const std::string next = json_record("3");
  ASSERT_EQ(::pwrite(writer.get(), next.data(), next.size(), 5'000'000), static_cast<ssize_t>(next.size()));
  log.turns();
  EXPECT_THAT(log.told.lines, ElementsAre("1", "2", "3"));
  EXPECT_EQ(log.told.counts.malformed, 0);
}

TEST(Follower, LeapsOverAHoleOfATerabyte) {
  FollowedLog log;
  const base::Fd writer(::open(log.path().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_EQ(::pwrite(writer.get(), "1\n", 2, 0), 2);
  if (::pwrite(writer.get(), "2\n", 2, int64_t{1} << 40) != 2) GTEST_SKIP() << "no such files on this file system";
  log.turn();
  EXPECT_THAT(log.told.lines, ElementsAre("1", "2"));
  log.kill_and_start();
  log.append("3\n");
  log.turn();
  EXPECT_THAT(log.told.lines, ElementsAre("1", "2", "3"));
}

TEST(Follower, TellsLogsThatBeginAlike) {
  FollowedLog log;
  const std::string banner = std::string(2000, '=') + "\nstarted\n";
  log.append(banner + "1\n");
  log.append(banner + "2\n", "other.log");
  log.follower->follow(log.spec_of("other.log"), {}, log.now);
  log.turn();
  log.append("3\n");
  log.append("4\n", "other.log");
  log.turn();
  std::sort(log.told.lines.begin(), log.told.lines.end());
  EXPECT_THAT(log.told.lines,
              ElementsAre("1", "2", "3", "4", std::string(2000, '='), std::string(2000, '='), "started", "started"));
}

TEST(Follower, KnowsARotatedFileUnderItsNewName) {
  FollowedLog log;
  log.append("1\n");
  log.append("2\n", "other.log");
  log.turn();
  EXPECT_FALSE(log.follower->has_open(log.spec_of("other.log")));
  log.rename("app.log", "app-20250101.log");
  EXPECT_TRUE(log.follower->has_open(log.spec_of("app-20250101.log")));
  EXPECT_FALSE(log.follower->has_open(log.spec_of("gone.log")));
}

TEST(Follower, LooksEverywhereWhenEventsWereLost) {
  FollowedLog log;
  log.append("1\n");
  log.turn();
  // More events than the kernel keeps (fs.inotify.max_queued_events, 16384), then the one that matters.
  for (int i = 0; i < 9000; ++i) {
    const std::string name = "noise" + std::to_string(i);
    log.append("", name);
    log.remove(name);
  }
  log.append("2\n");
  log.rename("app.log", "app.log.1");
  log.append("3\n");
  log.turn(false);
  for (int i = 0; i < 3; ++i) log.turn();
  EXPECT_THAT(log.told.lines, ElementsAre("1", "2", "3"));
}

constexpr int kCannotTell = 77;

/// In a user namespace of its own, where no inotify watch is to be had.
int follow_without_watches() {
  if (::unshare(CLONE_NEWUSER) != 0) return kCannotTell;
  for (const auto& [file, text] :
       {std::pair("/proc/self/uid_map", "0 0 1"), {"/proc/sys/user/max_inotify_watches", "0"}}) {
    const base::Fd fd(::open(file, O_WRONLY | O_CLOEXEC));
    if (::write(fd.get(), text, std::strlen(text)) < 0) return kCannotTell;
  }
  FollowedLog log;
  const bool told = log.follower->state().has_value();
  log.append("1\n");
  log.turn();
  log.rename("app.log", "app.log.1");
  log.append("2\n");
  log.turns();
  return told && log.follower->state() && log.told.lines == std::vector<std::string>{"1", "2"} ? 0 : 1;
}

TEST(Follower, SweepsWhereAllInotifyWatchesAreUsedUp) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(follow_without_watches());
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kCannotTell) GTEST_SKIP() << "no user namespace to be had";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Follower, GoesOnAfterGarbage) {
  FollowedLog log(LogKind::JsonFile);
  log.append(std::string("\0\0\0", 3) + json_record("1") + "garbage\n\xff\xfe\n{\"log\":\"to" + json_record("2") +
             "\n" + json_record("3"));
  log.turn();
  EXPECT_THAT(log.told.lines, ElementsAre("1", "3"));
  EXPECT_EQ(log.told.counts.malformed, 4);
}

TEST(Follower, KeepsTheHeadOfALineOfTenMegabytes) {
  FollowedLog log;
  log.append("1\n" + std::string(10'000'000, 'x') + "\n2\n");
  log.turn();
  ASSERT_EQ(log.told.lines.size(), 3);
  EXPECT_EQ(log.told.lines[1], std::string(kMaxLine, 'x'));
  EXPECT_TRUE(log.told.truncated[1]);
  EXPECT_EQ(log.told.lines[2], "2");
  EXPECT_EQ(log.told.counts.truncated, 1);
  EXPECT_EQ(log.told.counts.bytes, 10'000'005);
}

TEST(Follower, GivesALineThatFillsTheBoundWhole) {
  for (const size_t length : {kMaxLine - 1, kMaxLine - 2, size_t{128} << 10, (size_t{128} << 10) - 1}) {
    FollowedLog log;
    log.append("1\n" + std::string(length, 'x') + "\n2\n");
    log.turn();
    ASSERT_EQ(log.told.lines.size(), 3) << length;
    EXPECT_EQ(log.told.lines[1].size(), length);
    EXPECT_EQ(log.told.counts.truncated, 0);
  }
}

TEST(Follower, SkipsTheRestOfALongLineAfterAKill) {
  FollowedLog log;
  log.append("1\n" + std::string(3'000'000, 'x'));
  log.turn();
  EXPECT_EQ(log.told.lines.size(), 2);
  log.kill_and_start();
  log.append(std::string(3'000'000, 'x') + "\n2\n");
  log.turn();
  ASSERT_EQ(log.told.lines.size(), 3);
  EXPECT_EQ(log.told.lines[2], "2");
  EXPECT_EQ(log.told.counts.truncated, 1);
}

TEST(Follower, JoinsThePiecesOfTwoStreamsThatAreMixed) {
  FollowedLog log(LogKind::JsonFile);
  log.append(json_record("out 1 ", "stdout", false) + json_record("err 1 ", "stderr", false) +
             json_record("out 2 ", "stdout", false) + json_record("err 2", "stderr") + json_record("err", "stderr") +
             json_record("out 3") + json_record("out"));
  log.turn();
  EXPECT_THAT(log.told.lines, ElementsAre("err 1 err 2", "err", "out 1 out 2 out 3", "out"));
}

TEST(Follower, GivesMixedPiecesOnceAfterAKill) {
  FollowedLog log(LogKind::JsonFile);
  log.append(json_record("out 1 ", "stdout", false) + json_record("err 1 ", "stderr", false) +
             json_record("err 2", "stderr") + json_record("err", "stderr") + "garbage\n");
  log.turn();
  EXPECT_THAT(log.told.lines, ElementsAre("err 1 err 2", "err"));
  log.kill_and_start();
  log.turn();
  log.kill_and_start();
  log.append(json_record("out 2") + json_record("out"));
  log.turn();
  EXPECT_THAT(log.told.lines, ElementsAre("err 1 err 2", "err", "out 1 out 2", "out"));
  EXPECT_EQ(log.told.counts.malformed, 1) << "what is read again is not counted again";
  EXPECT_EQ(log.told.counts.bytes, std::filesystem::file_size(log.path()));
}

TEST(Follower, JoinsPiecesAcrossARotationAndAKill) {
  FollowedLog log(LogKind::JsonFile);
  log.append(json_record("before") + json_record("out 1 ", "stdout", false) + json_record("err", "stderr"));
  log.turn();
  log.rename("app.log", "app.log.1");
  log.append(json_record("err 2", "stderr") + json_record("out 2 ", "stdout", false));
  log.turns();
  log.kill_and_start();
  log.rename("app.log.1", "app.log.2");
  log.rename("app.log", "app.log.1");
  log.append(json_record("out 3") + json_record("end"));
  log.turns();
  EXPECT_THAT(log.told.lines, ElementsAre("before", "err", "err 2", "out 1 out 2 out 3", "end"));
  EXPECT_EQ(log.told.counts.rotations, 2);
  EXPECT_EQ(log.told.counts.losses, 0);
}

TEST(Follower, FlushesACriPieceWithoutEndAtTheContainersEnd) {
  FollowedLog log(LogKind::Cri);
  log.append("2025-01-02T03:04:05Z stdout P cut by the ex");
  log.append("\n");
  log.turn();
  EXPECT_THAT(log.told.lines, IsEmpty());
  log.follower->finish(log.log);
  log.turns();
  EXPECT_THAT(log.told.lines, ElementsAre("cut by the ex"));
  EXPECT_THAT(log.told.ended_logs, ElementsAre(log.log));
}

TEST(Follower, ReadsWhatComesShortlyAfterTheEnd) {
  FollowedLog log;
  log.append("1\n");
  log.turn();
  log.follower->finish(log.log);
  log.read();
  EXPECT_THAT(log.told.ended_logs, IsEmpty());
  log.append("2\nno end");
  log.turns();
  EXPECT_THAT(log.told.lines, ElementsAre("1", "2", "no end"));
  EXPECT_EQ(log.told.ended_logs.size(), 1);
  EXPECT_EQ(log.told.counts.bytes, 10);
  EXPECT_EQ(log.follower->size(), 0);
}

TEST(Follower, WaitsForALogThatComesShortlyAfterTheEnd) {
  FollowedLog log;
  log.turn();
  log.follower->finish(log.log);
  log.read();
  EXPECT_THAT(log.told.ended_logs, IsEmpty());
  log.append("1\n");
  log.turns();
  EXPECT_THAT(log.told.lines, ElementsAre("1"));
  EXPECT_EQ(log.told.ended_logs.size(), 1);
}

TEST(Follower, ReadsARemovedContainersLogToItsEnd) {
  FollowedLog log(LogKind::JsonFile);  // docker run --rm
  log.append(json_record("1"));
  log.follower->dispatch(log.now);
  log.remove();
  log.follower->finish(log.log);
  log.read();
  EXPECT_THAT(log.told.lines, ElementsAre("1"));
  EXPECT_EQ(log.told.ended_logs.size(), 1) << "at once: nobody has it open";
}

TEST(Follower, HoldsALogOpenThatIsNotToBeReadYet) {
  FollowedLog log(LogKind::JsonFile);
  log.start(false, true);
  log.append(json_record("1"));
  log.follower->dispatch(log.now);
  log.remove();
  log.append(json_record("2"));
  log.follower->dispatch(log.now);
  log.remove();
  log.turns();
  EXPECT_THAT(log.told.lines, IsEmpty());
  log.follower->release(log.log);
  log.turns();
  EXPECT_THAT(log.told.lines, ElementsAre("1", "2"));
}

TEST(Follower, LetsNoBacklogStarveOthers) {
  FollowedLog log;

  std::string backlog;
  for (int i = 0; i < 500'000; ++i) backlog += "a line of the backlog\n";
  log.append(backlog);
  log.append("mine\n", "other.log");
  log.follower->follow(log.spec_of("other.log"), {}, log.now);
  // Each step reads one piece of one log.
  bool seen = false;
  for (int i = 0; i < 5 && !seen; ++i) {
    log.follower->read(log.told, log.now, 0);
    seen = std::find(log.told.lines.begin(), log.told.lines.end(), "mine") != log.told.lines.end();
  }
  EXPECT_TRUE(seen);
}

TEST(Follower, TellsHowFarBehindItIs) {
  FollowedLog log(LogKind::JsonFile);
  EXPECT_FALSE(log.follower->status(log.log).present);
  log.append(json_record("1"));
  log.follower->dispatch(log.now);
  LogStatus status = log.follower->status(log.log);
  EXPECT_TRUE(status.present);
  EXPECT_EQ(status.lag_bytes, json_record("1").size());
  EXPECT_FALSE(status.at_end);
  log.turn();
  status = log.follower->status(log.log);
  EXPECT_EQ(status.lag_bytes, 0);
  EXPECT_TRUE(status.at_end);
  EXPECT_EQ(status.last, 1'735'787'045'500'000'000);
}

TEST(Follower, CanBeForgottenWhileItIsRead) {
  struct Forgetter : LogListener {
    Follower* follower = nullptr;
    size_t lines = 0;
    void line(LogHandle log, const model::LogLine& /*line*/) override {
      ++lines;
      follower->forget(log);
    }
    void reached(LogHandle /*log*/, const Reached& /*reached*/) override {}
    void ended(LogHandle /*log*/) override { FAIL(); }
  };
  FollowedLog log;
  log.append("1\n");
  Forgetter forgetter;
  forgetter.follower = log.follower.get();
  log.follower->dispatch(log.now);
  log.follower->read(forgetter, log.now, log.now);
  EXPECT_EQ(forgetter.lines, 1);
  EXPECT_EQ(log.follower->size(), 0);
}

TEST(Follower, SweepsWhereNoEventTells) {
  FollowedLog log;
  log.follower->dispatch(log.now);
  log.append("1\n");
  // The events of these are left unread, as if they had been lost.
  for (int i = 0; i < 31; ++i) {
    log.now += base::kSecond;
    log.follower->sweep(log.now);
    log.read();
  }
  EXPECT_THAT(log.told.lines, ElementsAre("1"));
}

TEST(Follower, ComesBackToAFolderThatWasMadeAgain) {
  FollowedLog log;
  log.append("1\n");
  log.turn();
  const std::string folder = std::filesystem::path(log.path()).parent_path();
  std::filesystem::remove_all(folder);
  log.turn();
  ::usleep(20'000);
  std::filesystem::create_directory(folder);
  log.append("2\n");
  log.turns();
  EXPECT_THAT(log.told.lines, ElementsAre("1", "2"));
}

}  // namespace
}  // namespace benchd::logs
