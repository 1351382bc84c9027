#include "daemon/ledger/task_tables.h"

#include <gmock/gmock.h>

#include "daemon/ledger/ledger.h"
#include "support/temporary_directory.h"

namespace benchd::ledger {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;
using testing::SizeIs;

constexpr int64_t kMs = base::kMillisecond;

class TaskTablesTest : public testing::Test {
 protected:
  void commit(TaskRows rows, std::vector<const model::Mark*> marks = {}) {
    auto ledger = Ledger::open(path_, bounds_);
    ASSERT_TRUE(ledger.ok()) << ledger.error().message();
    ASSERT_TRUE(ledger->load("boot", 0).ok());
    const auto done = ledger->commit({.at = 1, .marks = std::move(marks), .tasks = std::move(rows)});
    ASSERT_TRUE(done.ok()) << done.error().message();
  }
  TaskContents load(const std::string& boot_id = "boot") {
    auto ledger = Ledger::open(path_, bounds_);
    EXPECT_TRUE(ledger.ok()) << ledger.error().message();
    auto contents = ledger->load(boot_id, 0);
    EXPECT_TRUE(contents.ok()) << contents.error().message();
    return std::move(contents->tasks);
  }

  TemporaryDirectory directory_;
  const std::string path_ = directory_.path() + "/storage/ledger.db";
  std::vector<int64_t> bounds_ = {1 * kMs, 10 * kMs};
};

StoredTasks tasks_of(StoredTasks::Owner owner, uint64_t number) {
  return {.owner = owner,
          .number = number,
          .figures = {.key = {.task = "render", .outcome = "ok"},
                      .totals = {.tasks = 1,
                                 .timed = 2,
                                 .duration_ns = 3,
                                 .buckets = {4, 0, 5},
                                 .cost = {.tasks = 6,
                                          .apportioned = 7,
                                          .task_ns = 8,
                                          .used = {.cpu_ns = 9,
                                                   .on_cpu_ns = 10,
                                                   .runnable_ns = 11,
                                                   .blocked_ns = 12,
                                                   .io_read_bytes = 13,
                                                   .io_written_bytes = 14}}}}};
}

TEST_F(TaskTablesTest, WhatWasCommittedIsThereForTheNextProcess) {
  const model::Mark mark{.cgroup_id = 42, .threads = {}};
  const StoredTasks container = tasks_of(StoredTasks::Owner::Container, 42);
  const StoredTasks workload = tasks_of(StoredTasks::Owner::Workload, 3);
  const StoredResidual residual{.cgroup_id = 42, .used = {.cpu_ns = 1, .io_written_bytes = 2}};
  const StoredLog log{.position = {.log = "docker:abc", .place = "1 2 3"},
                      .cgroup_id = 42,
                      .counts = {.bytes = 1,
                                 .matched = 2,
                                 .unmatched = 3,
                                 .malformed = 4,
                                 .truncated = 5,
                                 .rotations = 6,
                                 .truncations = 7,
                                 .lost_lines = 8,
                                 .losses = 9,
                                 .late = 10,
                                 .coarse = 13,
                                 .overflowed = 11,
                                 .unpaired = 12}};
  const PairChange opened{.log = "docker:abc",
                          .pair = {.rule = "r",
                                   .id = std::string("a\0\xff", 3),
                                   .is_end = true,
                                   .duration = 5,
                                   .kind = "k",
                                   .outcome = "o",
                                   .thread = 6}};
  commit({.logs = {&log}, .tasks = {&container, &workload}, .residuals = {&residual}, .pairs = {&opened}}, {&mark});

  const TaskContents contents = load();
  ASSERT_THAT(contents.logs, SizeIs(1));
  EXPECT_EQ(contents.logs[0].position, log.position);
  EXPECT_EQ(contents.logs[0].cgroup_id, 42U);
  EXPECT_EQ(contents.logs[0].counts, log.counts);
  ASSERT_THAT(contents.tasks, SizeIs(2));
  EXPECT_EQ(contents.tasks[0].figures, container.figures);
  EXPECT_EQ(contents.tasks[0].number, 42U);
  EXPECT_EQ(contents.tasks[1].owner, StoredTasks::Owner::Workload);
  EXPECT_EQ(contents.tasks[1].number, 3U);
  ASSERT_THAT(contents.residuals, SizeIs(1));
  EXPECT_EQ(contents.residuals[0].used, residual.used);
  ASSERT_THAT(contents.open_pairs, SizeIs(1));
  EXPECT_EQ(contents.open_pairs[0].pair, opened.pair);
}

TEST_F(TaskTablesTest, AClosedPairIsForgotten) {
  const StoredLog log{.position = {.log = "l", .place = "p"}, .counts = {}};
  PairChange change{.log = "l", .pair = {.rule = "r", .id = "7", .at = 5}};
  const PairChange other{.log = "l", .pair = {.rule = "r", .id = "8", .at = 6}};
  commit({.logs = {&log}, .pairs = {&change, &other}});
  change.closed = true;
  commit({.pairs = {&change}});
  EXPECT_THAT(load().open_pairs, ElementsAre(Field(&PairChange::pair, other.pair)));
}

TEST_F(TaskTablesTest, AfterARebootContainersStartAnewTheHostAndWorkloadsGoOn) {
  const model::Mark mark{.cgroup_id = 42, .threads = {}};
  const StoredTasks container = tasks_of(StoredTasks::Owner::Container, 42);
  const StoredTasks host = tasks_of(StoredTasks::Owner::Container, kHost);
  const StoredTasks workload = tasks_of(StoredTasks::Owner::Workload, 42);
  const StoredLog log{.position = {.log = "l", .place = "p"}, .cgroup_id = 42, .counts = {}};
  commit({.logs = {&log}, .tasks = {&container, &host, &workload}}, {&mark});
  EXPECT_THAT(load().tasks, SizeIs(3));
  const TaskContents contents = load("next boot");
  ASSERT_THAT(contents.tasks, SizeIs(2));
  EXPECT_EQ(contents.tasks[0].number, kHost);
  EXPECT_EQ(contents.tasks[1].owner, StoredTasks::Owner::Workload);
  EXPECT_THAT(contents.logs, SizeIs(1)) << "the file is the same";
}

TEST_F(TaskTablesTest, AContainerWithoutAMarkIsForgotten) {
  const StoredTasks container = tasks_of(StoredTasks::Owner::Container, 42);
  const StoredResidual residual{.cgroup_id = 42, .used = {.cpu_ns = 1}};
  commit({.tasks = {&container}, .residuals = {&residual}});
  const TaskContents contents = load();
  EXPECT_THAT(contents.tasks, IsEmpty());
  EXPECT_THAT(contents.residuals, IsEmpty());
}

TEST_F(TaskTablesTest, WhatIsGoneIsDeletedAndNothingElse) {
  const model::Mark marks[] = {{.cgroup_id = 1, .threads = {}}, {.cgroup_id = 2, .threads = {}}};
  const StoredTasks rows[] = {tasks_of(StoredTasks::Owner::Container, 1), tasks_of(StoredTasks::Owner::Container, 2),
                              tasks_of(StoredTasks::Owner::Workload, 1), tasks_of(StoredTasks::Owner::Workload, 2)};
  const StoredLog logs[] = {{.position = {.log = "a", .place = ""}, .counts = {}},
                            {.position = {.log = "b", .place = ""}, .counts = {}}};
  const PairChange opened{.log = "a", .pair = {.rule = "r", .id = "7", .at = 5}};
  commit({.logs = {&logs[0], &logs[1]}, .tasks = {&rows[0], &rows[1], &rows[2], &rows[3]}, .pairs = {&opened}},
         {&marks[0], &marks[1]});
  commit({.logs_gone = {"a"}, .containers_gone = {1}, .workloads_gone = {2}});
  const TaskContents contents = load();
  ASSERT_THAT(contents.tasks, SizeIs(2));
  EXPECT_EQ(contents.tasks[0].number, 2U);
  EXPECT_EQ(contents.tasks[1].owner, StoredTasks::Owner::Workload);
  EXPECT_EQ(contents.tasks[1].number, 1U);
  ASSERT_THAT(contents.logs, SizeIs(1));
  EXPECT_EQ(contents.logs[0].position.log, "b");
  EXPECT_THAT(contents.open_pairs, IsEmpty());
}

/// A bucket that says "at most 10 ms" must never hold what took longer.
TEST_F(TaskTablesTest, OtherBoundsKeepEveryCountUnderATrueOne) {
  const StoredTasks row = tasks_of(StoredTasks::Owner::Workload, 1);
  commit({.tasks = {&row}});
  bounds_ = {500'000, 5 * kMs, 10 * kMs, 20 * kMs};
  EXPECT_THAT(load().tasks.at(0).figures.totals.buckets, ElementsAre(0, 4, 0, 0, 5));
  bounds_ = {};
  EXPECT_THAT(load().tasks.at(0).figures.totals.buckets, ElementsAre(9));
}

}  // namespace
}  // namespace benchd::ledger
