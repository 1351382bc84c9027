#include "daemon/tasks/task_book.h"

#include <random>

#include <gmock/gmock.h>

#include "base/text.h"
#include "daemon/workload_book.h"
#include "support/temporary_directory.h"

namespace benchd::daemon {
namespace {

using base::kSecond;
using testing::ElementsAre;
using testing::Field;
using testing::IsNull;
using testing::SizeIs;

const model::TaskKey kRender{.task = "render", .outcome = "ok"};

/// A book with a ledger of its own, restarted at will, and containers as the sampler would tell of them.
class TaskBookTest : public testing::Test {
 protected:
  void SetUp() override { start(); }

  /// Ends the process there was, without a word, and begins another.
  void start() {
    book_.reset();
    auto opened = WorkloadBook::open({.path = path_, .boot_id = "boot", .duration_bounds = {10, 20}}, now_);
    ASSERT_TRUE(opened.ok()) << opened.error().message();
    book_.emplace(*std::move(opened));
  }
  void commit() { book_->commit(now_); }

  static model::ContainerSnapshot container(uint64_t cgroup_id, const std::string& image = "") {
    model::Container it;
    it.cgroup_id = cgroup_id;
    it.path = "/docker/" + std::to_string(cgroup_id);
    it.match = {model::Runtime::Docker, std::to_string(cgroup_id), ""};
    model::ContainerSnapshot made;
    made.container = std::make_shared<const model::Container>(std::move(it));
    made.reading.values.set(model::Field::CgroupPopulated, 1);
    if (!image.empty()) made.metadata = named(image);
    return made;
  }
  static std::shared_ptr<const model::Metadata> named(const std::string& image) {
    auto metadata = std::make_shared<model::Metadata>();
    metadata->image = image;
    return metadata;
  }
  static TaskBatch batch(uint64_t cgroup_id, std::string place, uint64_t tasks, const std::string& log = "l") {
    TaskBatch it{.position = {.log = log, .place = std::move(place)}, .cgroup_id = cgroup_id};
    it.counts.matched = tasks;
    it.tasks = {{.key = kRender, .totals = {.tasks = tasks, .buckets = {0, 0, 0}}}};
    return it;
  }
  uint64_t tasks_shown(uint64_t cgroup_id) const {
    const auto shown = book_->tasks().shown(cgroup_id);
    return shown == nullptr || shown->tasks.empty() ? 0 : shown->tasks.at(0).totals.tasks;
  }
  std::optional<uint64_t> tasks_of_workload(const std::string& name) const {
    for (const model::WorkloadSnapshot& it : book_->shown()) {
      if (it.workload->name == name && it.tasks != nullptr && !it.tasks->empty()) return it.tasks->at(0).totals.tasks;
    }
    return std::nullopt;
  }

  TemporaryDirectory directory_;
  const std::string path_ = directory_.path() + "/ledger.db";
  base::Instant now_ = 1'000 * kSecond;
  std::optional<WorkloadBook> book_;
};

TEST_F(TaskBookTest, WhatIsNotCommittedIsNotShown) {
  commit();
  book_->read(container(42, "shop"));
  book_->take({batch(42, "a", 3)});
  EXPECT_EQ(book_->tasks().shown(42), nullptr);
  commit();
  EXPECT_EQ(tasks_shown(42), 3U);
  EXPECT_THAT(book_->tasks().take_changed(), ElementsAre(42U));
  EXPECT_THAT(book_->tasks().take_changed(), SizeIs(0));
  book_->take({batch(42, "b", 4)});
  EXPECT_EQ(tasks_shown(42), 3U);
  commit();
  EXPECT_EQ(tasks_shown(42), 7U);
  const auto shown = book_->tasks().shown(42);
  ASSERT_THAT(shown->logs, SizeIs(1));
  EXPECT_EQ(shown->logs[0].counts.matched, 7U);
}

TEST_F(TaskBookTest, AnotherProcessGoesOnAtThePositionWithTheOpenPairs) {
  book_->read(container(42, "shop"));
  TaskBatch first = batch(42, "here", 3);
  first.opened = {{.rule = "r", .id = "7", .at = 1}, {.rule = "r", .id = "8", .at = 2}};
  TaskBatch second = batch(42, "there", 1);
  second.closed = {{.rule = "r", .id = "7", .at = 1}};
  book_->take({first, second});
  commit();
  book_->take({batch(42, "lost with the process", 100)});
  start();
  const auto left = book_->tasks().left();
  ASSERT_THAT(left, SizeIs(1));
  EXPECT_EQ(left.at("l").place, "there");
  EXPECT_EQ(left.at("l").cgroup_id, 42U);
  EXPECT_THAT(left.at("l").open_pairs, ElementsAre(Field(&model::OpenPair::id, "8")));
  EXPECT_EQ(tasks_shown(42), 4U);
  EXPECT_EQ(tasks_of_workload("shop"), std::nullopt) << "nothing is shown of workloads before the first commit";
  commit();
  EXPECT_EQ(tasks_of_workload("shop"), 4U);
}

TEST_F(TaskBookTest, TasksWaitForTheNameOfTheirWorkload) {
  commit();
  model::ContainerSnapshot it = container(42);
  book_->read(it);
  book_->take({batch(42, "a", 3)});
  commit();
  EXPECT_EQ(tasks_shown(42), 3U);
  EXPECT_EQ(tasks_of_workload("shop"), std::nullopt);
  it.metadata = named("shop");
  book_->told(it);
  book_->take({batch(42, "b", 2)});
  commit();
  EXPECT_EQ(tasks_of_workload("shop"), 5U);
  start();
  book_->read(it);
  book_->take({batch(42, "c", 1)});
  commit();
  EXPECT_EQ(tasks_of_workload("shop"), 6U) << "what was charged is not charged again";
  EXPECT_EQ(tasks_shown(42), 6U);
}

TEST_F(TaskBookTest, AContainerThatIsNeverNamedCountsAsUnknown) {
  commit();
  model::ContainerSnapshot it = container(42);
  it.ended = now_;
  book_->ended(it);
  book_->take({batch(42, "a", 3)});
  commit();
  now_ += 11 * kSecond;
  commit();
  EXPECT_EQ(tasks_of_workload("unknown"), 3U);
}

TEST_F(TaskBookTest, TheWorkloadGetsWhatIsReadAfterTheContainerIsForgotten) {
  commit();
  model::ContainerSnapshot it = container(42, "shop");
  book_->read(it);
  book_->take({batch(42, "a", 3)});
  commit();
  book_->forgotten(42);
  commit();
  TaskBatch last = batch(42, "b", 2);
  last.gone = true;
  book_->take({last});
  commit();
  EXPECT_EQ(tasks_of_workload("shop"), 5U);
  EXPECT_THAT(book_->tasks().shown(42), IsNull());
  EXPECT_THAT(book_->tasks().left(), SizeIs(0));
  start();
  EXPECT_THAT(book_->tasks().left(), SizeIs(0));
  EXPECT_THAT(book_->tasks().shown(42), IsNull());
}

TEST_F(TaskBookTest, ALogThatFirstTellsAfterItsContainerIsForgottenIsCounted) {
  commit();
  book_->take({batch(42, "a", 3)});
  commit();
  EXPECT_EQ(tasks_of_workload("unknown"), 3U);
}

TEST_F(TaskBookTest, ALogFoundAfterItsContainerIsForgottenIsItsWorkloads) {
  commit();
  book_->read(container(42, "shop"));
  commit();
  book_->forgotten(42);
  commit();
  book_->take({batch(42, "a", 3)});
  commit();
  TaskBatch last = batch(42, "b", 2);
  last.gone = true;
  book_->take({last});
  commit();
  EXPECT_EQ(tasks_of_workload("shop"), 5U);
  EXPECT_EQ(tasks_of_workload("unknown"), std::nullopt);
  EXPECT_THAT(book_->tasks().left(), SizeIs(0)) << "nobody shows it, nothing of it is kept";
}

TEST_F(TaskBookTest, TheHostHasTasksAndNoWorkload) {
  commit();
  book_->take({batch(ledger::kHost, "a", 3)});
  commit();
  EXPECT_EQ(tasks_shown(ledger::kHost), 3U);
  EXPECT_THAT(book_->shown(), SizeIs(0));
}

TEST_F(TaskBookTest, ANewKeyOfAWorkloadIsShownAtZeroUntilAScrapeHadIt) {
  commit();
  book_->scraped(now_);
  book_->read(container(42, "shop"));
  book_->take({batch(42, "a", 3)});
  commit();
  EXPECT_EQ(tasks_of_workload("shop"), 0U);
  EXPECT_EQ(tasks_shown(42), 3U);
  book_->scraped(now_);
  commit();
  EXPECT_EQ(tasks_of_workload("shop"), 3U);
}

TEST_F(TaskBookTest, WhereNobodyScrapesNothingIsHeldBack) {
  commit();
  book_->scraped(now_);
  book_->read(container(42, "shop"));
  book_->take({batch(42, "a", 3)});
  commit();
  now_ += 200 * kSecond;
  commit();
  EXPECT_EQ(tasks_of_workload("shop"), 3U);
}

TEST_F(TaskBookTest, HistoryIsShownAtOnce) {
  book_->scraped(now_);
  book_->read(container(42, "shop"));
  commit();
  book_->take({batch(42, "a", 3)});
  commit();
  EXPECT_EQ(tasks_of_workload("shop"), 3U);
}

TEST_F(TaskBookTest, ARestartedContainersLogGoesOnInAnotherContainer) {
  commit();
  book_->read(container(42, "shop"));
  book_->take({batch(42, "a", 3)});
  commit();
  book_->read(container(43, "shop"));
  book_->take({batch(43, "b", 2)});
  commit();
  EXPECT_EQ(tasks_shown(42), 3U);
  EXPECT_EQ(tasks_shown(43), 2U);
  EXPECT_THAT(book_->tasks().shown(43)->logs, SizeIs(1));
  book_->forgotten(42);
  commit();
  EXPECT_THAT(book_->tasks().shown(43)->logs, SizeIs(1));
}

/// Lines are numbers in a log that the reader reads from the committed position; the process dies at any moment.
TEST_F(TaskBookTest, EveryLineCountsOnceWhateverDies) {
  constexpr uint64_t kLines = 2'000;
  std::mt19937 random(7);
  uint64_t read = 0;
  uint64_t most_shown = 0;
  uint64_t most_of_workload = 0;
  while (most_shown < kLines) {
    if (random() % 20 == 0) {
      start();
      const auto left = book_->tasks().left();
      read = left.empty() ? 0 : *base::parse_integer(left.at("l").place);
    }
    book_->read(container(42, "shop"));
    const uint64_t lines = std::min<uint64_t>(random() % 20, kLines - read);
    read += lines;
    book_->take({batch(42, std::to_string(read), lines)});
    if (random() % 3 == 0) commit();
    const uint64_t shown = tasks_shown(42);
    const uint64_t of_workload = tasks_of_workload("shop").value_or(most_of_workload);
    ASSERT_GE(shown, most_shown);
    ASSERT_GE(of_workload, most_of_workload);
    most_shown = shown;
    most_of_workload = of_workload;
  }
  EXPECT_EQ(most_shown, kLines);
  EXPECT_EQ(tasks_of_workload("shop"), kLines);
}

}  // namespace
}  // namespace benchd::daemon
