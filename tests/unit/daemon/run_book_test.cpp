#include "daemon/run_book.h"

#include <gmock/gmock.h>

#include "support/temporary_directory.h"

namespace benchd::daemon {
namespace {

using base::kSecond;
using model::Field;
using model::RunRecord;
using model::RunState;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::SizeIs;

constexpr int64_t kWallOffset = 1'700'000'000 * kSecond;

/// A book, the ledger behind it, and containers as the sampler and the workloads' book would show them.
class RunBookTest : public testing::Test {
 protected:
  void SetUp() override { restart(); }

  /// Ends the process there was, without a word, and begins another, whose first reading is to come.
  void restart() {
    book_.reset();
    ledger_.reset();
    auto opened = ledger::Ledger::open(directory_.path() + "/ledger.db");
    ASSERT_TRUE(opened.ok()) << opened.error().message();
    ledger_.emplace(*std::move(opened));
    auto contents = ledger_->load(boot_, 0);
    ASSERT_TRUE(contents.ok()) << contents.error().message();
    book_.emplace(RunBook::Setup{.boot_id = boot_, .host = {}, .wall_offset = [] { return kWallOffset; }},
                  std::move(contents->open_runs));
  }
  void first_reading_done() {
    book_->first_reading_done(now_, [this](uint64_t) { return mark_.cgroup_id == 0 ? nullptr : &mark_; });
  }
  void commit(int64_t later = 0) {
    now_ += later;
    ledger::Batch batch;
    batch.at = now_;
    book_->fill(batch, now_, tasks_);
    ASSERT_TRUE(ledger_->commit(batch).ok());
    book_->committed();
  }
  void appear(const std::map<std::string, std::string>& labels) {
    model::Container container;
    container.cgroup_id = mark_.cgroup_id = 5;
    container.path = "/docker/abc";
    container.match = {model::Runtime::Docker, "abc", ""};
    container.first_seen = now_;
    shown_ = {};
    shown_.container = std::make_shared<const model::Container>(container);
    labels_ = labels;
  }
  void tell(std::optional<int> exit_code = {}) {
    auto metadata = std::make_shared<model::Metadata>();
    metadata->name = "box";
    metadata->image = "box:1";
    metadata->labels = labels_;
    metadata->started = started_;
    metadata->exit_code = exit_code;
    if (exit_code) metadata->finished = static_cast<double>(now_ + kWallOffset) / 1e9;
    shown_.metadata = metadata;
    book_->told(shown_);
  }
  void read(uint64_t cpu_usec, bool began = false, bool was_there = false) {
    shown_.reading.at = now_;
    shown_.reading.values.set(Field::CpuUsage, cpu_usec);
    mark_.at = now_;
    mark_.cpu_usec = cpu_usec;
    if (began) {
      ++mark_.runs;
      mark_.run = RunState::Going;
    }
    if (shown_.ended) mark_.run = RunState::Over;
    book_->read(shown_, mark_, began, was_there, tasks_);
  }
  void end(uint64_t cpu_usec) {
    shown_.ended = now_;
    read(cpu_usec);
    book_->ended(shown_);
  }
  void run_between_two_looks() {
    first_reading_done();
    appear(variant_);
    read(0);
    now_ += 2 * kSecond;
    read(0);
    now_ += kSecond / 2;
    shown_.ended = now_;
    now_ += 1;
    read(3, true);
    book_->ended(shown_);
    now_ = *shown_.ended;
  }
  std::vector<RunRecord> runs() { return *ledger_->runs().runs({}); }

  TemporaryDirectory directory_;
  std::string boot_ = "boot";
  base::Instant now_ = 1'000 * kSecond;
  std::optional<double> started_;
  std::optional<ledger::Ledger> ledger_;
  std::optional<RunBook> book_;
  TaskBook tasks_{{}, {}};
  model::Mark mark_;
  model::ContainerSnapshot shown_;
  std::map<std::string, std::string> labels_;
  const std::map<std::string, std::string> variant_ = {{"benchd.experiment", "e"}, {"benchd.variant", "v"}};
};

TEST_F(RunBookTest, ALabelledContainerIsARunOnceItsExitCodeIsKnown) {
  first_reading_done();
  appear(variant_);
  read(0, true);
  tell();
  commit(2 * kSecond);
  end(700);
  commit(kSecond);
  EXPECT_THAT(runs(), IsEmpty());
  tell(1);
  commit();
  ASSERT_THAT(runs(), SizeIs(1));
  const RunRecord run = runs()[0];
  EXPECT_EQ(run.id, "boot/5/1");
  EXPECT_EQ(run.experiment, "e");
  EXPECT_EQ(run.variant, "v");
  EXPECT_EQ(run.container, "box");
  EXPECT_EQ(run.started_at, 1'000 * kSecond + kWallOffset);
  EXPECT_EQ(run.duration_ns, 2 * kSecond);
  EXPECT_EQ(run.cpu_usec, 700U);
  EXPECT_EQ(run.failure, "exit code 1");
  EXPECT_THAT(run.incomplete, IsEmpty());
  read(700);
  commit(60 * kSecond);
  EXPECT_THAT(runs(), SizeIs(1));
  EXPECT_THAT(ledger_->load(boot_, 0)->open_runs, IsEmpty());
}

TEST_F(RunBookTest, ARunBeginsWithItsFirstProcessNotWithItsCgroup) {
  first_reading_done();
  appear(variant_);
  now_ += kSecond;
  book_->populated(5, now_);
  now_ += kSecond;
  read(0, true);
  tell();
  now_ += kSecond;
  end(1);
  tell(0);
  commit();
  EXPECT_EQ(runs().at(0).duration_ns, 2 * kSecond);
}

TEST_F(RunBookTest, AReadingThatIsAheadOfTheKernelsWordIsTheBeginning) {
  first_reading_done();
  appear(variant_);
  read(0);
  now_ += kSecond;
  read(1, true);
  now_ += kSecond / 100;
  book_->populated(5, now_);
  tell();
  now_ += kSecond;
  end(2);
  tell(0);
  commit();
  EXPECT_EQ(runs().at(0).started_at, 1'001 * kSecond + kWallOffset);
  EXPECT_EQ(runs().at(0).duration_ns, kSecond + kSecond / 100);
}

TEST_F(RunBookTest, WhoIsFoundRunningBeganWhenItWasFound) {
  first_reading_done();
  appear(variant_);
  now_ += kSecond / 20;  // many others appeared, too
  read(1, true);
  tell();
  now_ += kSecond;
  end(2);
  tell(0);
  commit();
  EXPECT_EQ(runs().at(0).started_at, 1'000 * kSecond + kWallOffset);
  EXPECT_EQ(runs().at(0).duration_ns, kSecond + kSecond / 20);
}

/// The kernel's two words, that somebody came and that nobody is there any more, were found as one.
TEST_F(RunBookTest, OfARunBetweenTwoLooksItIsNotKnownHowLongItWas) {
  run_between_two_looks();
  tell(0);
  commit();
  EXPECT_EQ(runs().at(0).duration_ns, kSecond / 2) << "at most";
  EXPECT_THAT(runs().at(0).incomplete, ElementsAre("duration"));
}

TEST_F(RunBookTest, OfARunBetweenTwoLooksTheEngineKnowsHowLongItWas) {
  started_ = static_cast<double>(now_ + 2 * kSecond + kSecond / 4 + kWallOffset) / 1e9;
  run_between_two_looks();
  tell(0);
  commit();
  EXPECT_NEAR(static_cast<double>(runs().at(0).duration_ns), 0.25e9, 1e3);
  EXPECT_THAT(runs().at(0).incomplete, IsEmpty());
}

TEST_F(RunBookTest, WithoutLabelsThereIsNoRunAndNothingIsKept) {
  first_reading_done();
  appear({});
  read(0, true);
  commit();
  EXPECT_THAT(ledger_->load(boot_, 0)->open_runs, SizeIs(1)) << "until somebody says";
  tell();
  commit();
  EXPECT_THAT(ledger_->load(boot_, 0)->open_runs, IsEmpty());
  end(5);
  commit(60 * kSecond);
  EXPECT_THAT(runs(), IsEmpty());
}

TEST_F(RunBookTest, WhatBenchMadeIsItsOwnRunAndNoSecondOneOfTheDaemons) {
  first_reading_done();
  auto labels = variant_;
  labels["benchd.campaign"] = "c";
  appear(labels);
  read(0, true);
  tell();
  commit(kSecond);
  EXPECT_THAT(ledger_->load(boot_, 0)->open_runs, IsEmpty());
  end(5);
  tell(0);
  commit(60 * kSecond);
  EXPECT_THAT(runs(), IsEmpty());
}

TEST_F(RunBookTest, AnExitCodeThatNeverComesIsMissing) {
  first_reading_done();
  appear(variant_);
  read(0, true);
  tell();
  end(5);
  commit(9 * kSecond);
  EXPECT_THAT(runs(), IsEmpty());
  commit(kSecond);
  ASSERT_THAT(runs(), SizeIs(1));
  EXPECT_FALSE(runs()[0].exit_code.has_value());
  EXPECT_THAT(runs()[0].incomplete, ElementsAre("exit_code"));
}

TEST_F(RunBookTest, LabelsThatComeAfterTheEndAreInTime) {
  first_reading_done();
  appear(variant_);
  read(0, true);
  end(5);
  commit(3 * kSecond);
  tell(0);
  commit();
  EXPECT_THAT(runs(), SizeIs(1));
}

TEST_F(RunBookTest, WhatTheKernelChargesLateIsTheRunsToo) {
  first_reading_done();
  appear(variant_);
  read(0, true);
  tell();
  end(5);
  commit();
  read(9);
  tell(0);
  commit();
  EXPECT_EQ(runs().at(0).cpu_usec, 9U);
}

TEST_F(RunBookTest, ARunWhoseEndIsToldBeforeItsTimeOnACpuIsOneNevertheless) {
  first_reading_done();
  appear(variant_);
  book_->populated(5, now_);
  now_ += kSecond;
  shown_.ended = now_;
  book_->read(shown_, mark_, false, false, tasks_);
  book_->ended(shown_);
  tell(0);
  read(30, true);
  commit();
  ASSERT_THAT(runs(), SizeIs(1));
  EXPECT_EQ(runs()[0].duration_ns, kSecond);
  EXPECT_EQ(runs()[0].cpu_usec, 30U);
}

TEST_F(RunBookTest, EachStartInOneCgroupIsARunOfWhatItUsedItself) {
  first_reading_done();
  appear(variant_);
  read(0, true);
  tell();
  now_ += kSecond;
  end(700);
  tell(1);
  commit();
  now_ += kSecond;
  book_->populated(5, now_);
  shown_.ended.reset();
  read(700, true);
  tell();
  now_ += kSecond;
  end(1'000);
  EXPECT_THAT(runs(), SizeIs(1));
  tell(0);
  commit();
  ASSERT_THAT(runs(), SizeIs(2));
  EXPECT_EQ(runs()[1].id, "boot/5/2");
  EXPECT_EQ(runs()[1].cpu_usec, 300U);
  EXPECT_EQ(runs()[1].duration_ns, kSecond);
  EXPECT_EQ(runs()[1].failure, "");
}

TEST_F(RunBookTest, AKillBetweenTheEndAndItsExitCodeLosesNothing) {
  first_reading_done();
  appear(variant_);
  read(0, true);
  tell();
  now_ += kSecond;
  end(700);
  commit();
  restart();
  now_ += kSecond;
  EXPECT_THAT(book_->wanted(), ElementsAre(std::pair<uint64_t, std::string>(5, "/docker/abc")));
  first_reading_done();
  auto metadata = std::make_shared<model::Metadata>();
  metadata->labels = variant_;
  metadata->exit_code = 4;
  metadata->finished = static_cast<double>(now_ + kWallOffset) / 1e9;
  book_->told(5, metadata);
  commit();
  ASSERT_THAT(runs(), SizeIs(1));
  EXPECT_EQ(runs()[0].duration_ns, kSecond);
  EXPECT_EQ(runs()[0].cpu_usec, 700U);
  EXPECT_EQ(runs()[0].failure, "exit code 4");
  restart();
  first_reading_done();
  commit(60 * kSecond);
  EXPECT_THAT(runs(), SizeIs(1));
}

TEST_F(RunBookTest, ARunGoesOnThroughARestart) {
  first_reading_done();
  appear(variant_);
  read(0, true);
  tell();
  commit(kSecond);
  restart();
  now_ += kSecond;
  read(500);
  first_reading_done();
  tell();
  commit(kSecond);
  end(900);
  tell(0);
  commit();
  ASSERT_THAT(runs(), SizeIs(1));
  EXPECT_EQ(runs()[0].id, "boot/5/1");
  EXPECT_EQ(runs()[0].duration_ns, 3 * kSecond);
  EXPECT_EQ(runs()[0].cpu_usec, 900U);
  EXPECT_THAT(runs()[0].incomplete, ElementsAre("threads"));
}

TEST_F(RunBookTest, ARunThatEndedUnseenHasWhatWasReadLastAndItsEndFromTheEngine) {
  first_reading_done();
  appear(variant_);
  read(0, true);
  tell();
  read(500);
  commit(kSecond);
  restart();
  now_ += 10 * kSecond;
  mark_.run = RunState::Over;
  first_reading_done();
  auto metadata = std::make_shared<model::Metadata>();
  metadata->labels = variant_;
  metadata->exit_code = 0;
  metadata->finished = static_cast<double>(1'007 * kSecond + kWallOffset) / 1e9;
  book_->told(5, metadata);
  commit();
  ASSERT_THAT(runs(), SizeIs(1));
  EXPECT_EQ(runs()[0].cpu_usec, 500U);
  EXPECT_NEAR(static_cast<double>(runs()[0].duration_ns), 7e9, 1e6);
  EXPECT_THAT(runs()[0].incomplete, IsSupersetOf({"cpu", "memory", "io", "threads"}));
  EXPECT_THAT(runs()[0].incomplete, testing::Not(Contains("duration")));
}

TEST_F(RunBookTest, ARunThatARebootCutShortHasFailed) {
  first_reading_done();
  appear(variant_);
  read(0, true);
  tell();
  commit();
  boot_ = "another";
  mark_ = {};
  restart();
  first_reading_done();
  EXPECT_THAT(book_->wanted(), IsEmpty());
  commit(20 * kSecond);
  ASSERT_THAT(runs(), SizeIs(1));
  EXPECT_EQ(runs()[0].id, "boot/5/1");
  EXPECT_EQ(runs()[0].failure, "the host went down");
}

TEST_F(RunBookTest, AContainerThatIsFoundEmptyIsOverWhenItsEngineSaysSo) {
  appear(variant_);
  shown_.reading.values.set(Field::CgroupPopulated, 0);
  read(500, true, true);
  first_reading_done();
  commit(kSecond);
  started_ = static_cast<double>(990 * kSecond + kWallOffset) / 1e9;
  tell(2);
  commit();
  ASSERT_THAT(runs(), SizeIs(1));
  EXPECT_NEAR(static_cast<double>(runs()[0].duration_ns), 11e9, 1e6);
  EXPECT_EQ(runs()[0].failure, "exit code 2");
  EXPECT_THAT(runs()[0].incomplete, ElementsAre("threads"));
}

TEST_F(RunBookTest, AContainerOlderThanBenchdHasItsBeginningFromTheEngine) {
  appear(variant_);
  read(500, true, true);
  first_reading_done();
  started_ = static_cast<double>(990 * kSecond + kWallOffset) / 1e9;
  tell();
  commit();
  end(700);
  tell(0);
  commit();
  ASSERT_THAT(runs(), SizeIs(1));
  EXPECT_NEAR(static_cast<double>(runs()[0].duration_ns), 10e9, 1e6);
  EXPECT_EQ(runs()[0].cpu_usec, 700U);
  EXPECT_THAT(runs()[0].incomplete, ElementsAre("threads"));
}

TEST_F(RunBookTest, LabelsNameABlockOrARunOfACampaign) {
  first_reading_done();
  appear({{"benchd.experiment", "e"}, {"benchd.variant", "v"}, {"benchd.run", "c1/3/17"}});
  read(0, true);
  tell();
  end(1);
  tell(0);
  commit();
  ASSERT_THAT(runs(), SizeIs(1));
  EXPECT_EQ(runs()[0].campaign, "c1");
  EXPECT_EQ(runs()[0].block, 3U);
  EXPECT_EQ(runs()[0].order, 17U);
}

}  // namespace
}  // namespace benchd::daemon
