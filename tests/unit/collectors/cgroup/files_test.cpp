#include "collectors/cgroup/files.h"

#include <optional>
#include <regex>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/cgroup/parse.h"
#include "fake_tree.h"
#include "plain_value.h"
#include "support/allocation_count.h"
#include "support/no_files_left.h"

namespace benchd::cgroup {
namespace {

using base::kMillisecond;
using base::kSecond;
using model::Field;
using model::File;
using testing::Optional;
using Outcome = ContainerFiles::Outcome;

constexpr size_t index_of(File file) {
  return static_cast<size_t>(file);
}

/// One container at /c; time is what the test says.
class ContainerFilesTest : public testing::Test {
 protected:
  ContainerFiles& open(size_t kept_fds = 100) {
    share_.emplace(kept_fds);
    return files_.emplace(open_directory("c"), *share_);
  }

  base::Fd open_directory(const std::string& cgroup) {
    auto directory = base::open_directory(AT_FDCWD, tree_.path(cgroup).c_str());
    EXPECT_TRUE(directory.ok());
    return std::move(*directory);
  }

  std::optional<uint64_t> value(Field field) const { return reading_.values.get(field); }

  FakeTree tree_;
  std::optional<ReaderShare> share_;
  std::optional<ContainerFiles> files_;
  model::Reading reading_;
};

TEST_F(ContainerFilesTest, ReadsEveryShapeAtTheFirstTurn) {
  tree_.make("c", {{"cgroup.events", "populated 1\nfrozen 0\n"},
                   {"cgroup.procs", "10\n11\n"},
                   {"cpu.max", "max 100000\n"},
                   {"cpu.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=7\n"},
                   {"cpu.stat", "usage_usec 42\n"},
                   {"cpuset.cpus.effective", "0-2,5\n"},
                   {"io.stat", "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n"},
                   {"memory.max", "max\n"},
                   {"memory.min", "0\n"}});
  EXPECT_EQ(open().read(5, false, reading_), Outcome::Read);
  EXPECT_EQ(reading_.at, 5);
  EXPECT_THAT(value(Field::CgroupPopulated), Optional(1));
  EXPECT_THAT(value(Field::Processes), Optional(2));
  EXPECT_THAT(value(Field::CpuPeriod), Optional(100'000));
  EXPECT_THAT(value(Field::CpuPressureSome), Optional(7));
  EXPECT_THAT(value(Field::CpuUsage), Optional(42));
  EXPECT_THAT(value(Field::CpusEffective), Optional(4));
  EXPECT_TRUE(reading_.cpus_effective[5]);
  ASSERT_EQ(reading_.io.size(), 1);
  EXPECT_EQ(reading_.io[0].written_bytes, 2);
  EXPECT_EQ(share_->counts.malformed, FileCounts().malformed);
  EXPECT_EQ(share_->counts.errors, FileCounts().errors);
}

TEST_F(ContainerFilesTest, TellsUnlimitedAbsentAndZeroApart) {
  tree_.make("c", {{"memory.max", "max\n"}, {"memory.min", "0\n"}});
  open().read(0, false, reading_);
  EXPECT_THAT(value(Field::MemoryMax), Optional(model::kUnlimited));
  EXPECT_THAT(value(Field::MemoryMin), Optional(0));
  EXPECT_EQ(value(Field::MemoryHigh), std::nullopt);
}

TEST_F(ContainerFilesTest, ReadsHotFilesAlwaysAndWarmOnesOnceASecond) {
  tree_.make("c", {{"cpu.stat", "usage_usec 1\n"}, {"memory.stat", "anon 1\n"}});
  ContainerFiles& files = open();
  files.read(0, false, reading_);
  tree_.write("c/cpu.stat", "usage_usec 2\n");
  tree_.write("c/memory.stat", "anon 2\n");
  files.read(50 * kMillisecond, false, reading_);
  EXPECT_THAT(value(Field::CpuUsage), Optional(2));
  EXPECT_THAT(value(Field::MemoryAnon), Optional(1));
  files.read(999 * kMillisecond, false, reading_);  // a tick that came early by its jitter
  EXPECT_THAT(value(Field::MemoryAnon), Optional(2));
}

TEST_F(ContainerFilesTest, ReadsColdFilesOnChangeAndEveryTenSeconds) {
  tree_.make("c", {{"memory.max", "1\n"}});
  ContainerFiles& files = open();
  files.read(0, false, reading_);
  tree_.write("c/memory.max", "2\n");
  files.read(kSecond, false, reading_);
  EXPECT_THAT(value(Field::MemoryMax), Optional(1));
  files.read(2 * kSecond, true, reading_);
  EXPECT_THAT(value(Field::MemoryMax), Optional(2));
  tree_.write("c/memory.max", "3\n");
  files.read(12 * kSecond, false, reading_);
  EXPECT_THAT(value(Field::MemoryMax), Optional(3));
}

/// Of a pressure file: it has waited for so long.
std::string waited(int microseconds) {
  return "some avg10=0.00 avg60=0.00 avg300=0.00 total=" + std::to_string(microseconds) + "\n";
}

TEST_F(ContainerFilesTest, ReadsPressureOfIoAndMemoryWhereSomethingWaitedOnTheHost) {
  const auto write_all = [this](int microseconds) {
    for (const char* file : {"cpu", "io", "memory"})
      tree_.write(std::string("c/") + file + ".pressure", waited(microseconds));
  };
  tree_.make("c");
  write_all(1);
  ContainerFiles& files = open();
  share_->stalls = {1, 2};
  files.read(0, false, reading_);
  write_all(2);
  files.read(kSecond, false, reading_);
  EXPECT_THAT(value(Field::CpuPressureSome), Optional(2));
  EXPECT_THAT(value(Field::IoPressureSome), Optional(1));
  EXPECT_THAT(value(Field::MemoryPressureSome), Optional(1));
  share_->stalls = {1, 3};
  files.read(2 * kSecond, false, reading_);
  EXPECT_THAT(value(Field::IoPressureSome), Optional(1));
  EXPECT_THAT(value(Field::MemoryPressureSome), Optional(2));
  share_->stalls = {0, 3};  // not known
  files.read(3 * kSecond, false, reading_);
  EXPECT_THAT(value(Field::IoPressureSome), Optional(2));
}

TEST_F(ContainerFilesTest, WhereNothingWaitedReadsPressureAtColdTurnsAndAtTheEnd) {
  tree_.make("c", {{"io.pressure", waited(1)}});
  ContainerFiles& files = open();
  share_->stalls = {1, 1};
  files.read(0, false, reading_);
  tree_.write("c/io.pressure", waited(2));
  files.read(9 * kSecond, false, reading_);
  EXPECT_THAT(value(Field::IoPressureSome), Optional(1));
  files.read(10 * kSecond, false, reading_);
  EXPECT_THAT(value(Field::IoPressureSome), Optional(2));
  tree_.write("c/io.pressure", waited(3));
  files.finish(11 * kSecond, reading_);
  EXPECT_THAT(value(Field::IoPressureSome), Optional(3));
}

TEST_F(ContainerFilesTest, ReadsPressureThatCouldNotBeReadThoughNothingWaited) {
  tree_.make("c", {{"io.pressure", waited(1)}, {"cpu.stat", "usage_usec 1\n"}});
  ContainerFiles& files = open(0);  // each read opens
  share_->stalls = {1, 1};
  files.read(0, false, reading_);
  share_->stalls = {2, 1};
  {
    const test::NoFilesLeft none_left;
    files.read(kSecond, false, reading_);
  }
  EXPECT_EQ(value(Field::IoPressureSome), std::nullopt);
  files.read(2 * kSecond, false, reading_);
  EXPECT_THAT(value(Field::IoPressureSome), Optional(1));
}

TEST_F(ContainerFilesTest, LeavesWhatThreadsMoveAloneWhereItWasReadSinceTheyAreStill) {
  tree_.make("c", {{"cpu.stat", "usage_usec 1\n"}, {"cpu.pressure", waited(1)}, {"cpu.max", "max 100000\n"}});
  ContainerFiles& files = open();
  files.read(kSecond, false, reading_);
  tree_.write("c/cpu.stat", "usage_usec 2\n");
  tree_.write("c/cpu.pressure", waited(2));
  files.read(2 * kSecond, false, reading_, kSecond);  // read at that moment, not after it
  EXPECT_THAT(value(Field::CpuUsage), Optional(2));
  EXPECT_THAT(value(Field::CpuPressureSome), Optional(2));
  tree_.write("c/cpu.stat", "usage_usec 3\n");
  tree_.write("c/cpu.pressure", waited(3));
  files.read(3 * kSecond, false, reading_, kSecond);
  EXPECT_THAT(value(Field::CpuUsage), Optional(2));
  EXPECT_THAT(value(Field::CpuPressureSome), Optional(2));
  EXPECT_EQ(reading_.at, 3 * kSecond);
  files.read(4 * kSecond, false, reading_, std::nullopt);
  EXPECT_THAT(value(Field::CpuUsage), Optional(3));
  EXPECT_THAT(value(Field::CpuPressureSome), Optional(3));
}

TEST_F(ContainerFilesTest, OfStillThreadsReadsAllAtColdTurnsAndAtTheEnd) {
  tree_.make("c", {{"cpu.stat", "usage_usec 1\n"}, {"cpu.stat.local", "throttled_usec 1\n"}});
  ContainerFiles& files = open();
  files.read(kSecond, false, reading_);
  tree_.write("c/cpu.stat", "usage_usec 2\n");
  tree_.write("c/cpu.stat.local", "throttled_usec 2\n");
  files.read(11 * kSecond, false, reading_, 0);
  EXPECT_THAT(value(Field::CpuUsage), Optional(2));
  EXPECT_THAT(value(Field::CpuThrottledLocal), Optional(2));
  tree_.write("c/cpu.stat", "usage_usec 3\n");
  files.read(12 * kSecond, false, reading_, 0);
  EXPECT_THAT(value(Field::CpuUsage), Optional(2));
  files.finish(13 * kSecond, reading_);
  EXPECT_THAT(value(Field::CpuUsage), Optional(3));
}

TEST_F(ContainerFilesTest, WithAQuotaReadsWhatThreadsMoveThoughTheyAreStill) {
  tree_.make("c", {{"cpu.stat", "nr_periods 1\n"}, {"cpu.max", "50000 100000\n"}});
  ContainerFiles& files = open();
  files.read(kSecond, false, reading_);
  tree_.write("c/cpu.stat", "nr_periods 2\n");
  files.read(2 * kSecond, false, reading_, 0);
  EXPECT_THAT(value(Field::CpuPeriods), Optional(2));
}

TEST_F(ContainerFilesTest, OfStillThreadsReadsWhatCouldNotBeRead) {
  tree_.make("c", {{"cpu.stat", "usage_usec 1\n"}, {"cgroup.events", "frozen 0\n"}});
  ContainerFiles& files = open(0);  // each read opens
  files.read(kSecond, false, reading_);
  {
    const test::NoFilesLeft none_left;
    files.read(2 * kSecond, false, reading_);
  }
  EXPECT_EQ(value(Field::CpuUsage), std::nullopt);
  files.read(3 * kSecond, false, reading_, 0);
  EXPECT_THAT(value(Field::CpuUsage), Optional(1));
}

TEST_F(ContainerFilesTest, ReadsCgroupEventsAtEachTurnUnlessTheKernelTellsOfChanges) {
  tree_.make("c", {{"cgroup.events", "frozen 0\n"}});
  ContainerFiles& files = open();
  files.read(0, false, reading_);
  tree_.write("c/cgroup.events", "frozen 1\n");
  files.read(kSecond, false, reading_);
  EXPECT_THAT(value(Field::CgroupFrozen), Optional(1));
  share_->all_watched = true;
  tree_.write("c/cgroup.events", "frozen 0\n");
  files.read(2 * kSecond, false, reading_);
  EXPECT_THAT(value(Field::CgroupFrozen), Optional(1));
  files.read(3 * kSecond, true, reading_);
  EXPECT_THAT(value(Field::CgroupFrozen), Optional(0));
}

TEST_F(ContainerFilesTest, ReadsCgroupEventsAtEachTurnWithoutAKeptFd) {
  tree_.make("c", {{"cgroup.events", "frozen 0\n"}});
  ContainerFiles& files = open(0);
  share_->all_watched = true;
  files.read(0, false, reading_);
  tree_.write("c/cgroup.events", "frozen 1\n");
  files.read(kSecond, false, reading_);
  EXPECT_THAT(value(Field::CgroupFrozen), Optional(1));
}

TEST_F(ContainerFilesTest, OfAContainerThatEndsInItsFirstSecondsKnowsPeaksAndCountsAllTheSame) {
  tree_.make("c", {{"memory.peak", "0\n"}, {"pids.peak", "0\n"}, {"memory.events", "oom_kill 0\n"}});
  ContainerFiles& files = open();
  files.read(0, false, reading_);
  tree_.write("c/memory.peak", "4096\n");
  tree_.write("c/pids.peak", "2\n");
  tree_.write("c/memory.events", "oom_kill 1\n");
  files.read(kSecond, false, reading_);
  tree_.remove("c");
  files.finish(kSecond + 1, reading_);
  EXPECT_THAT(value(Field::MemoryPeak), Optional(4096));
  EXPECT_THAT(value(Field::PidsPeak), Optional(2));
  EXPECT_THAT(value(Field::MemoryEventsOomKill), Optional(1));
}

TEST_F(ContainerFilesTest, SpreadsTheColdTurnsOfManyContainers) {
  tree_.make("c", {{"memory.max", "1\n"}});
  ReaderShare share(0);
  std::vector<std::unique_ptr<ContainerFiles>> many;
  for (int i = 0; i < 20; ++i) many.push_back(std::make_unique<ContainerFiles>(open_directory("c"), share));
  for (const auto& files : many) files->read(0, false, reading_);
  for (int second = 1; second <= 20; ++second) {
    const uint64_t before = share.counts.reads[index_of(File::MemoryMax)];
    for (const auto& files : many) files->read(second * kSecond, false, reading_);
    EXPECT_EQ(share.counts.reads[index_of(File::MemoryMax)] - before, 2) << "in second " << second;
  }
}

TEST_F(ContainerFilesTest, AsksForAnAbsentFileAgainAtColdTurnsOnly) {
  tree_.make("c", {{"cpu.stat", "usage_usec 1\n"}});
  ContainerFiles& files = open();
  files.read(0, false, reading_);
  tree_.write("c/memory.current", "4096\n");
  files.read(kSecond, false, reading_);
  EXPECT_EQ(value(Field::MemoryCurrent), std::nullopt);
  files.read(2 * kSecond, true, reading_);
  EXPECT_THAT(value(Field::MemoryCurrent), Optional(4096));
  EXPECT_TRUE(files.present()[index_of(File::MemoryCurrent)]);
}

TEST_F(ContainerFilesTest, ForgetsTheValuesOfAFileThatItsControllerTookAway) {
  tree_.make("c", {{"memory.max", "1\n"}, {"cpu.stat", "usage_usec 1\n"}});
  ContainerFiles& files = open();
  files.read(0, false, reading_);
  tree_.remove("c/memory.max");
  EXPECT_EQ(files.read(kSecond, true, reading_), Outcome::Read);
  EXPECT_EQ(files.read(2 * kSecond, false, reading_), Outcome::Read);
  EXPECT_EQ(value(Field::MemoryMax), std::nullopt);
  EXPECT_THAT(value(Field::CpuUsage), Optional(1));
  EXPECT_FALSE(files.present()[index_of(File::MemoryMax)]);
  EXPECT_EQ(share_->counts.errors, FileCounts().errors);
}

TEST_F(ContainerFilesTest, KeepsWhatItReadOfACgroupThatIsBeingRemoved) {
  tree_.make("c", {{"memory.max", "1\n"}, {"cpu.stat", "usage_usec 1\n"}});
  ContainerFiles& files = open();
  files.read(0, false, reading_);
  tree_.remove("c/memory.max");  // the kernel takes the controllers' files first
  EXPECT_EQ(files.finish(1, reading_), Outcome::Read);
  tree_.remove("c");
  EXPECT_EQ(files.finish(2, reading_), Outcome::Gone);
  EXPECT_THAT(value(Field::MemoryMax), Optional(1));
}

TEST_F(ContainerFilesTest, KeepsEverythingWhenTheCgroupIsGone) {
  tree_.make("c", {{"memory.max", "1\n"}, {"cpu.stat", "usage_usec 1\n"}});
  ContainerFiles& files = open();
  files.read(kSecond, false, reading_);
  tree_.remove("c");
  EXPECT_EQ(files.read(2 * kSecond, true, reading_), Outcome::Gone);
  EXPECT_THAT(value(Field::MemoryMax), Optional(1));
  EXPECT_THAT(value(Field::CpuUsage), Optional(1));
  EXPECT_EQ(share_->fds.used(), 0);
  EXPECT_EQ(files.read(3 * kSecond, false, reading_), Outcome::Gone);
}

TEST_F(ContainerFilesTest, OfACgroupThatWentBeforeTheFirstReadIsGoneAndEmpty) {
  tree_.make("c");
  ContainerFiles& files = open();
  tree_.remove("c");
  EXPECT_EQ(files.read(kSecond, false, reading_), Outcome::Gone);
  EXPECT_EQ(reading_.values, model::FieldValues());
  EXPECT_EQ(reading_.at, 0);
}

TEST_F(ContainerFilesTest, DoesNotTakeTheNextCgroupOfTheSameNameForItsOwn) {
  tree_.make("c", {{"cpu.stat", "usage_usec 1000\n"}});
  ContainerFiles& files = open(0);
  files.read(0, false, reading_);
  tree_.remove("c");
  tree_.make("c", {{"cpu.stat", "usage_usec 5\n"}});
  EXPECT_EQ(files.read(kSecond, false, reading_), Outcome::Gone);
  EXPECT_THAT(value(Field::CpuUsage), Optional(1000));
}

TEST_F(ContainerFilesTest, ReadsAllTheSameWhenTheFdBudgetIsUsedUp) {
  tree_.make("c", {{"cpu.stat", "usage_usec 1\n"}, {"memory.current", "1\n"}, {"memory.max", "1\n"}});
  ContainerFiles& files = open(1);
  files.read(0, false, reading_);
  EXPECT_EQ(share_->fds.used(), 1);
  tree_.write("c/cpu.stat", "usage_usec 2\n");
  tree_.write("c/memory.current", "2\n");
  files.read(1, false, reading_);
  EXPECT_THAT(value(Field::CpuUsage), Optional(2));
  EXPECT_THAT(value(Field::MemoryCurrent), Optional(2));
  files_.reset();
  EXPECT_EQ(share_->fds.used(), 0);
}

TEST_F(ContainerFilesTest, KeepsNoFdOfColdFiles) {
  tree_.make("c", {{"cpu.stat", "usage_usec 1\n"}, {"memory.max", "1\n"}});
  open().read(0, false, reading_);
  EXPECT_EQ(share_->fds.used(), 2);  // cgroup.events, cpu.stat
}

TEST_F(ContainerFilesTest, CountsAFailingFileAndTriesItAgain) {
  tree_.make("c", {{"cpu.stat", "usage_usec 1\n"}});
  tree_.make("c/memory.current");  // a directory opens and does not read: EISDIR
  ContainerFiles& files = open();
  files.read(0, false, reading_);
  EXPECT_EQ(share_->counts.errors[index_of(File::MemoryCurrent)], 1);
  EXPECT_EQ(value(Field::MemoryCurrent), std::nullopt);
  tree_.remove("c/memory.current");
  tree_.write("c/memory.current", "8\n");
  files.read(1, false, reading_);
  EXPECT_THAT(value(Field::MemoryCurrent), Optional(8));
}

TEST_F(ContainerFilesTest, OutOfFdsIsAnErrorNotAnEnd) {
  tree_.make("c", {{"cpu.stat", "usage_usec 1\n"}});
  ContainerFiles& files = open(0);
  files.read(0, false, reading_);
  {
    const test::NoFilesLeft none_left;
    EXPECT_EQ(files.read(1, false, reading_), Outcome::Read);
  }
  EXPECT_EQ(share_->counts.errors[index_of(File::CpuStat)], 1);
  files.read(2, false, reading_);
  EXPECT_THAT(value(Field::CpuUsage), Optional(1));
}

TEST_F(ContainerFilesTest, BeyondTheBudgetOfDirectoriesReadsWithoutAKeptFd) {
  tree_.make("c", {{"cpu.stat", "usage_usec 1\n"}, {"cgroup.procs", "10\n"}});
  ReaderShare share(0, 1);
  ContainerFiles kept(open_directory("c"), share, tree_.path("c"));
  ContainerFiles files(open_directory("c"), share, tree_.path("c"));
  EXPECT_GE(kept.directory(), 0);
  EXPECT_EQ(files.directory(), -1);
  EXPECT_EQ(files.read(0, false, reading_), Outcome::Read);
  EXPECT_THAT(value(Field::CpuUsage), Optional(1));
  EXPECT_THAT(value(Field::Processes), Optional(1));
  EXPECT_EQ(files.directory(), -1);
}

TEST_F(ContainerFilesTest, WithoutAKeptFdDoesNotReadTheNextOfTheSameName) {
  tree_.make("c", {{"cpu.stat", "usage_usec 7\n"}});
  ReaderShare share(0, 0);
  ContainerFiles files(open_directory("c"), share, tree_.path("c"));
  files.read(0, false, reading_);
  std::filesystem::rename(tree_.path("c"), tree_.path("old"));
  tree_.make("c", {{"cpu.stat", "usage_usec 1\n"}});
  EXPECT_EQ(files.finish(1, reading_), Outcome::Gone);
  EXPECT_THAT(value(Field::CpuUsage), Optional(7));
  EXPECT_EQ(share.counts.final_incomplete[index_of(File::CpuStat)], 1);
}

TEST_F(ContainerFilesTest, WithoutAKeptFdOutOfFdsIsAnErrorNotAnEnd) {
  tree_.make("c", {{"cpu.stat", "usage_usec 7\n"}});
  ReaderShare share(0, 0);
  ContainerFiles files(open_directory("c"), share, tree_.path("c"));
  files.read(0, false, reading_);
  {
    const test::NoFilesLeft none_left;
    EXPECT_EQ(files.read(1, false, reading_), Outcome::Read);
  }
  EXPECT_EQ(share.counts.errors[index_of(File::CpuStat)], 1);
  files.read(2, false, reading_);
  EXPECT_THAT(value(Field::CpuUsage), Optional(7));
}

TEST_F(ContainerFilesTest, CountsWhatIsNotUnderstoodAndLeavesItOut) {
  tree_.make("c", {{"cpu.stat", "usage_usec 1\nuser_usec 2\n"}, {"cpuset.cpus.effective", "0-3\n"}});
  ContainerFiles& files = open();
  files.read(0, false, reading_);
  tree_.write("c/cpu.stat", "usage_usec x\nuser_usec 3\n");
  tree_.write("c/cpuset.cpus.effective", "3-0\n");
  files.read(1, true, reading_);
  EXPECT_EQ(value(Field::CpuUsage), std::nullopt);
  EXPECT_THAT(value(Field::CpuUser), Optional(3));
  EXPECT_EQ(value(Field::CpusEffective), std::nullopt);
  EXPECT_EQ(share_->counts.malformed[index_of(File::CpuStat)], 1);
  EXPECT_EQ(share_->counts.malformed[index_of(File::CpusetCpusEffective)], 1);
}

TEST_F(ContainerFilesTest, CountsTheProcessesOfTheWholeSubtree) {
  tree_.make("c", {{"cgroup.procs", "1\n"}, {"cgroup.stat", "nr_descendants 3\nnr_dying_descendants 0\n"}});
  tree_.make("c/a", {{"cgroup.procs", "2\n3\n"}});
  tree_.make("c/a/deeper", {{"cgroup.procs", "4\n"}});
  tree_.make("c/b");  // cgroup.procs is refused: threaded
  open().read(0, false, reading_);
  EXPECT_THAT(value(Field::Processes), Optional(4));
}

TEST_F(ContainerFilesTest, OfAnEmptyCgroupHasNoProcessesRatherThanNone) {
  tree_.make("c", {{"cgroup.procs", ""}});
  open().read(0, false, reading_);
  EXPECT_THAT(value(Field::Processes), Optional(0));
}

TEST(FilesWith, LeavesOutTheFilesOfControllersThatAreNotThere) {
  const FileSet bare = files_with({});
  EXPECT_TRUE(bare[index_of(File::CpuStat)]);
  EXPECT_TRUE(bare[index_of(File::IoPressure)]);
  EXPECT_FALSE(bare[index_of(File::IoStat)]);
  const FileSet memory = files_with({"hugetlb", "memory"});
  EXPECT_TRUE(memory[index_of(File::MemoryStat)]);
  EXPECT_FALSE(memory[index_of(File::PidsCurrent)]);
  EXPECT_TRUE(files_with({"cpu", "cpuset", "io", "memory", "pids"}).all());
}

TEST_F(ContainerFilesTest, NeverAsksForAFileThatTheHostCannotHave) {
  tree_.make("c", {{"io.stat", "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n"}, {"memory.current", "4096\n"}});
  ContainerFiles& files = open();
  share_->possible = files_with({"memory"});
  files.read(0, false, reading_);
  EXPECT_TRUE(reading_.io.empty());
  EXPECT_THAT(value(Field::MemoryCurrent), Optional(4096));
}

TEST_F(ContainerFilesTest, FinishReadsEverythingWhateverItsAge) {
  tree_.make("c", {{"memory.peak", "1\n"}, {"memory.stat", "anon 1\n"}, {"cpu.stat", "usage_usec 1\n"}});
  ContainerFiles& files = open();
  files.read(0, false, reading_);
  tree_.write("c/memory.peak", "2\n");
  tree_.write("c/memory.stat", "anon 2\n");
  EXPECT_EQ(files.finish(1, reading_), Outcome::Read);
  EXPECT_THAT(value(Field::MemoryPeak), Optional(2));
  EXPECT_THAT(value(Field::MemoryAnon), Optional(2));
  EXPECT_EQ(share_->counts.final_incomplete, FileCounts().final_incomplete);
}

TEST_F(ContainerFilesTest, CountsOnceEachFileThatTheFinishMissed) {
  tree_.make("c", {{"memory.peak", "1\n"}, {"cpu.stat", "usage_usec 1\n"}});
  ContainerFiles& files = open(0);
  files.read(0, false, reading_);
  tree_.remove("c");
  EXPECT_EQ(files.finish(1, reading_), Outcome::Gone);
  EXPECT_EQ(files.finish(2, reading_), Outcome::Gone);
  EXPECT_EQ(share_->counts.final_incomplete[index_of(File::MemoryPeak)], 1);
  EXPECT_EQ(share_->counts.final_incomplete[index_of(File::CpuStat)], 1);
  EXPECT_EQ(share_->counts.final_incomplete[index_of(File::MemoryMax)], 0);
  EXPECT_THAT(value(Field::CpuUsage), Optional(1));
}

TEST_F(ContainerFilesTest, DoesNotAllocateInSteadyState) {
  tree_.make("c", {{"cgroup.procs", "1\n"},
                   {"cgroup.stat", "nr_descendants 1\n"},
                   {"cpu.stat", "usage_usec 1\n"},
                   {"cpuset.cpus.effective", "0-3\n"},
                   {"io.stat", "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n"},
                   {"memory.stat", "anon 1\n"}});
  tree_.make("c/child", {{"cgroup.procs", "2\n"}});
  ContainerFiles& files = open(2);
  files.read(0, true, reading_);
  const size_t before = test::allocation_count();
  for (int tick = 1; tick <= 1000; ++tick) files.read(tick * kSecond, tick % 7 == 0, reading_);
  files.finish(1001 * kSecond, reading_);
  EXPECT_EQ(test::allocation_count(), before);
}

// ── Files as real kernels write them ──
// Of a container with quota, limits, processes, a child and IO on a disk: Debian's 6.1.192 and 6.12.117 with all
// controllers; 6.18.44 on a hybrid host, where cgroup v2 has none.

struct Kernel {
  const char* version;
  size_t scalars;                     ///< keyed, pressure and single ones that it has
  std::vector<std::string> absent{};  ///< keys that it lacks in a file that it has
};

class KernelFiles : public testing::TestWithParam<Kernel> {
 protected:
  static std::string directory() { return std::string(BENCHD_FIXTURES) + "/" + GetParam().version; }
};

TEST_P(KernelFiles, AreReadToTheLastField) {
  auto opened = base::open_directory(AT_FDCWD, directory().c_str());
  ASSERT_TRUE(opened.ok());
  ReaderShare share(0);
  ContainerFiles files(std::move(*opened), share);
  model::Reading reading;
  ASSERT_EQ(files.read(1, true, reading), Outcome::Read);
  EXPECT_EQ(share.counts.malformed, FileCounts().malformed);
  EXPECT_EQ(share.counts.errors, FileCounts().errors);
  size_t scalars = 0;
  std::vector<std::string> absent;
  for (const model::FieldSpec& field : model::kFields) {
    const model::FileSpec& file = model::spec(field.file);
    if (!files.present()[index_of(field.file)]) {
      EXPECT_FALSE(reading.values.has(field.field)) << file.name;
      continue;
    }
    if (file.shape != model::Shape::Keyed && file.shape != model::Shape::Pressure &&
        file.shape != model::Shape::Single) {
      continue;
    }
    const auto expected = plain_value(directory(), field);
    EXPECT_EQ(reading.values.get(field.field), expected) << file.name << ' ' << field.key;
    if (expected) {
      ++scalars;
    } else {
      absent.push_back(std::string(file.name) + ' ' + std::string(field.key));
    }
  }
  EXPECT_EQ(scalars, GetParam().scalars);
  EXPECT_EQ(absent, GetParam().absent);
}

// What is left of the table: key by key what these kernels are too old for, or were not configured with.
INSTANTIATE_TEST_SUITE_P(
    Of, KernelFiles,
    testing::Values(Kernel{.version = "6.1",
                           .scalars = 89,
                           .absent = {"cpu.stat nice_usec", "cpu.stat core_sched.force_idle_usec", "memory.stat zswap",
                                      "memory.stat zswapped"}},
                    Kernel{
                        .version = "6.12",
                        .scalars = 92,
                        .absent = {"cpu.stat core_sched.force_idle_usec", "memory.stat zswap", "memory.stat zswapped"}},
                    Kernel{.version = "6.18-hybrid",
                           .scalars = 14,
                           .absent = {"cpu.stat core_sched.force_idle_usec", "cpu.stat nr_periods",
                                      "cpu.stat nr_throttled", "cpu.stat throttled_usec", "cpu.stat nr_bursts",
                                      "cpu.stat burst_usec", "cpu.stat.local throttled_usec"}}),
    [](const auto& info) { return std::regex_replace(std::string(info.param.version), std::regex("[^0-9a-z]"), "_"); });

TEST(KernelFilesOf612, ShowQuotaAndIo) {
  auto opened = base::open_directory(AT_FDCWD, (std::string(BENCHD_FIXTURES) + "/6.12").c_str());
  ASSERT_TRUE(opened.ok());
  ReaderShare share(0);
  ContainerFiles files(std::move(*opened), share);
  model::Reading reading;
  files.read(1, true, reading);
  EXPECT_THAT(reading.values.get(Field::CpuQuota), Optional(30'000));
  EXPECT_THAT(reading.values.get(Field::CpuPeriod), Optional(100'000));
  EXPECT_THAT(reading.values.get(Field::Processes), Optional(2));
  EXPECT_EQ(base::format_cpu_list(reading.cpus_effective), "0-1");
  ASSERT_EQ(reading.io.size(), 1);
  EXPECT_EQ(reading.io[0].device, (model::Device{.major = 254, .minor = 0}));
  EXPECT_EQ(reading.io[0].read_bytes, 6'684'672);
  EXPECT_EQ(reading.io[0].writes, 801);
}

}  // namespace
}  // namespace benchd::cgroup
