#include "daemon/ledger/ledger.h"

#include <csignal>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "support/temporary_directory.h"

namespace benchd::ledger {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

model::WorkloadTotals totals(uint64_t base) {
  return {.runs = base,
          .failures = base + 1,
          .cpu_usec = base + 2,
          .on_cpu_ns = base + 3,
          .runnable_ns = base + 4,
          .blocked_ns = base + 5,
          .io_read_bytes = base + 6,
          .io_written_bytes = base + 7,
          .unobserved_ns = base + 8};
}

model::Mark full_mark(uint64_t cgroup_id) {
  return {.cgroup_id = cgroup_id,
          .workload = 1,
          .at = 1'000,
          .cpu_usec = 2,
          .io_read_bytes = 3,
          .io_written_bytes = 4,
          .threads = model::ThreadTimes{5, 6, 7, 8, 9, 10, 11, 12},
          .threads_estimated =
              model::ThreadTimes{.on_cpu = 15, .runnable = 16, .blocked = 17, .blocked_on_disk = {}, .alive = 18},
          .runs = 13,
          .failures = 14,
          .run = model::RunState::Over,
          .run_failed = true};
}

class LedgerTest : public testing::Test {
 protected:
  Ledger open() {
    auto ledger = Ledger::open(path_);
    EXPECT_TRUE(ledger.ok()) << ledger.error().message();
    if (!ledger.ok()) std::abort();
    return *std::move(ledger);
  }
  static Contents load(Ledger& ledger, const std::string& boot_id = "boot", base::Instant oldest = 0) {
    auto contents = ledger.load(boot_id, oldest);
    EXPECT_TRUE(contents.ok()) << contents.error().message();
    return *std::move(contents);
  }

  TemporaryDirectory directory_;
  const std::string path_ = directory_.path() + "/storage/ledger.db";
};

TEST_F(LedgerTest, WhatWasCommittedIsThereForTheNextProcess) {
  const StoredWorkload shop{1, {"shop/web", "", ""}, totals(100)};
  const StoredWorkload labelled{2, {"e/v", "e", "v"}, totals(UINT32_MAX)};
  const model::Mark full = full_mark(UINT64_MAX - 1);
  model::Mark bare{.cgroup_id = 2};
  bare.threads = {};
  model::Mark no_delays = full_mark(3);
  no_delays.threads->blocked_on_disk = {};
  no_delays.threads_estimated = {};
  model::Mark only_estimated = full_mark(4);
  only_estimated.threads = {};
  {
    Ledger ledger = open();
    EXPECT_THAT(load(ledger).workloads, IsEmpty());
    ASSERT_TRUE(
        ledger.commit({.at = 77, .workloads = {&shop, &labelled}, .marks = {&full, &bare, &no_delays, &only_estimated}})
            .ok());
  }
  Ledger ledger = open();
  const Contents contents = load(ledger);
  ASSERT_EQ(contents.workloads.size(), 2U);
  EXPECT_EQ(contents.workloads[0].workload, shop.workload);
  EXPECT_EQ(contents.workloads[0].totals, shop.totals);
  EXPECT_EQ(contents.workloads[1].workload, labelled.workload);
  EXPECT_EQ(contents.workloads[1].totals, labelled.totals);
  EXPECT_THAT(contents.marks, testing::UnorderedElementsAre(full, bare, no_delays, only_estimated));
  EXPECT_EQ(contents.committed_at, 77);
}

TEST_F(LedgerTest, ALaterCommitReplacesRowsAndDeletesMarks) {
  Ledger ledger = open();
  load(ledger);
  StoredWorkload shop{1, {"shop/web", "", ""}, totals(1)};
  model::Mark first{.cgroup_id = 1, .threads = {}, .threads_estimated = {}};
  const model::Mark second{.cgroup_id = 2, .threads = {}, .threads_estimated = {}};
  ASSERT_TRUE(ledger.commit({.at = 1, .workloads = {&shop}, .marks = {&first, &second}}).ok());
  shop.totals = totals(500);
  first = full_mark(1);
  ASSERT_TRUE(ledger.commit({.at = 2, .workloads = {&shop}, .marks = {&first}, .gone = {2}}).ok());
  const Contents contents = load(ledger);
  ASSERT_EQ(contents.workloads.size(), 1U);
  EXPECT_EQ(contents.workloads[0].totals, totals(500));
  EXPECT_THAT(contents.marks, ElementsAre(full_mark(1)));
}

TEST_F(LedgerTest, MarksOfAnotherBootAndOldOnesAreForgottenTotalsStay) {
  const StoredWorkload shop{1, {"shop/web", "", ""}, totals(1)};
  const model::Mark old = full_mark(1);
  model::Mark recent = full_mark(2);
  recent.at = 2'000;
  Ledger ledger = open();
  load(ledger);
  ASSERT_TRUE(ledger.commit({.at = 5, .workloads = {&shop}, .marks = {&old, &recent}}).ok());
  EXPECT_THAT(load(ledger, "boot", 1'500).marks, ElementsAre(recent));
  const Contents next_boot = load(ledger, "next boot");
  EXPECT_THAT(next_boot.marks, IsEmpty());
  EXPECT_FALSE(next_boot.committed_at);
  EXPECT_EQ(next_boot.workloads.size(), 1U);
}

TEST_F(LedgerTest, TimePerCpuIsKeptAsLongAsItsMark) {
  const model::Mark marks[] = {full_mark(1), full_mark(2), full_mark(3)};
  const StoredCpus exact{1, false, {{.cpu = 0, .nanoseconds = 7}, {.cpu = 63, .nanoseconds = INT64_MAX}}};
  const StoredCpus estimated{2, true, {{.cpu = 1, .nanoseconds = 0}}};
  const StoredCpus none{3, false, {}};
  Ledger ledger = open();
  load(ledger);
  ASSERT_TRUE(
      ledger.commit({.at = 5, .marks = {&marks[0], &marks[1], &marks[2]}, .cpus = {&exact, &estimated, &none}}).ok());
  EXPECT_THAT(load(ledger).cpus, testing::UnorderedElementsAre(exact, estimated, none));
  ASSERT_TRUE(ledger.commit({.at = 6, .gone = {1}}).ok());
  EXPECT_THAT(load(ledger).cpus, testing::UnorderedElementsAre(estimated, none));
  EXPECT_THAT(load(ledger, "boot", 1'500).cpus, IsEmpty());
}

TEST_F(LedgerTest, ASecondWriterIsRefusedAndToldWhy) {
  const Ledger ledger = open();
  const auto second = Ledger::open(path_);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, EBUSY);
  EXPECT_THAT(second.error().message(), HasSubstr(path_ + ": another benchd writes to it"));
  EXPECT_THAT(cure_of(second.error(), path_), HasSubstr("--storage.path"));
}

TEST_F(LedgerTest, TheLockEndsWithItsHolder) {
  { const Ledger ledger = open(); }
  EXPECT_TRUE(Ledger::open(path_).ok());
}

TEST_F(LedgerTest, AFileThatIsNoDatabaseIsRefusedAndLeftAsItIs) {
  { open(); }
  const std::string text(8192, 'x');
  std::ofstream(path_, std::ios::trunc) << text;
  const auto damaged = Ledger::open(path_);
  ASSERT_FALSE(damaged.ok());
  EXPECT_EQ(damaged.error().code, EUCLEAN);
  EXPECT_THAT(cure_of(damaged.error(), path_), HasSubstr("mv " + path_));
  EXPECT_EQ(*base::read_text(path_), text);
}

TEST_F(LedgerTest, ADatabaseWithTornPagesIsAnErrorNotACrash) {
  {
    Ledger ledger = open();
    load(ledger);
    std::vector<StoredWorkload> many(500);
    Batch batch{.at = 1};
    for (size_t i = 0; i < many.size(); ++i) {
      many[i] = {static_cast<int64_t>(i + 1), {"workload " + std::to_string(i), "", ""}, totals(i)};
      batch.workloads.push_back(&many[i]);
    }
    ASSERT_TRUE(ledger.commit(batch).ok());
  }
  std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(4096);
  file << std::string(200'000, '\xee');
  file.close();
  auto opened = Ledger::open(path_);
  const auto loaded = opened.ok() ? opened->load("boot", 0) : base::Result<Contents>(opened.error());
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.error().code, EUCLEAN) << loaded.error().message();
}

TEST_F(LedgerTest, AnUnwritableDirectoryIsAnErrorWithACure) {
  const auto ledger = Ledger::open("/proc/benchd/ledger.db");
  ASSERT_FALSE(ledger.ok());
  EXPECT_NE(ledger.error().code, 0);
  EXPECT_THAT(cure_of(ledger.error(), "/proc/benchd/ledger.db"), HasSubstr("write to /proc/benchd"));
}

/// No file of this process may grow beyond this; what SQLite sees is a failed write, as on a disk that is full.
class FullDisk {
 public:
  FullDisk() {
    ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit small = before_;
    small.rlim_cur = 1;
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  ~FullDisk() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

TEST_F(LedgerTest, AFullDiskFailsACommitWholeAndTheNextOneGoesOn) {
  Ledger ledger = open();
  load(ledger);
  StoredWorkload shop{1, {"shop/web", "", ""}, totals(1)};
  model::Mark mark = full_mark(1);
  ASSERT_TRUE(ledger.commit({.at = 1, .workloads = {&shop}, .marks = {&mark}}).ok());
  shop.totals = totals(2);
  mark.cpu_usec = 99;
  {
    const FullDisk full;
    EXPECT_FALSE(ledger.commit({.at = 2, .workloads = {&shop}, .marks = {&mark}}).ok());
  }
  const Contents before = load(ledger);
  EXPECT_EQ(before.workloads[0].totals, totals(1));
  EXPECT_EQ(before.marks[0].cpu_usec, 2U);
  ASSERT_TRUE(ledger.commit({.at = 3, .workloads = {&shop}, .marks = {&mark}}).ok());
  const Contents after = load(ledger);
  EXPECT_EQ(after.workloads[0].totals, totals(2));
  EXPECT_EQ(after.marks[0].cpu_usec, 99U);
}

TEST_F(LedgerTest, TheLogIsUsedAgainAndDoesNotGrowForEver) {
  Ledger ledger = open();
  load(ledger);
  std::vector<model::Mark> marks(500);
  Batch batch;
  for (size_t i = 0; i < marks.size(); ++i) {
    marks[i] = full_mark(i);
    batch.marks.push_back(&marks[i]);
  }
  const auto commit = [&] {
    ++batch.at;
    ASSERT_TRUE(ledger.commit(batch).ok());
  };
  const auto log_size = [this] { return std::filesystem::file_size(path_ + "-wal"); };
  commit();
  while (log_size() < 1'100 * 4'096) commit();
  // Once a checkpoint has caught up, commits write over what is there.
  int steady = 0;
  for (int turn = 0; turn < 10'000 && steady < 20; ++turn) {
    const auto before = log_size();
    commit();
    steady = log_size() == before ? steady + 1 : 0;
    ::usleep(1'000);
  }
  EXPECT_EQ(steady, 20);
}

TEST_F(LedgerTest, ACommitSurvivesTheProcessThatIsKilledRightAfter) {
  const StoredWorkload shop{1, {"shop/web", "", ""}, totals(7)};
  const pid_t child = ::fork();
  if (child == 0) {
    auto ledger = Ledger::open(path_);
    const bool ok = ledger.ok() && ledger->load("boot", 0).ok() && ledger->commit({.at = 1, .workloads = {&shop}}).ok();
    if (!ok) ::_exit(1);
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  Ledger ledger = open();
  EXPECT_EQ(load(ledger).workloads.at(0).totals, totals(7));
}

}  // namespace
}  // namespace benchd::ledger
