#include "daemon/workload_book.h"

#include <csignal>

#include <gmock/gmock.h>
#include <sys/resource.h>

#include "support/temporary_directory.h"

namespace benchd::daemon {
namespace {

using base::kSecond;
using model::Field;
using model::WorkloadTotals;
using testing::HasSubstr;

/// A book with a ledger of its own, restarted at will, and containers as the sampler would show them. Time passes when
/// the test says so.
class WorkloadBookTest : public testing::Test {
 protected:
  void SetUp() override { start(); }

  /// Ends the process there was, without a word, and begins another.
  void start(const std::vector<model::Workload>& declared = {}) {
    book_.reset();
    auto opened =
        WorkloadBook::open({.path = path_, .boot_id = boot_, .declared = declared, .keeps_cpus = keeps_cpus_}, now_);
    ASSERT_TRUE(opened.ok()) << opened.error().message();
    book_.emplace(*std::move(opened));
  }
  /// The first reading is done; what comes from now on is new.
  void begin() { book_->commit(now_); }

  struct Container {
    model::ContainerSnapshot shown;
    Container& cpu(uint64_t usec) {
      shown.reading.values.set(Field::CpuUsage, usec);
      shown.reading.values.set(Field::CgroupPopulated, 1);
      return *this;
    }
  };
  Container container(uint64_t cgroup_id, std::string runtime_id = "id") const {
    model::Container it;
    it.cgroup_id = cgroup_id;
    it.path = "/docker/" + std::to_string(cgroup_id);
    it.match = {model::Runtime::Docker, std::move(runtime_id), ""};
    Container made;
    made.shown.container = std::make_shared<const model::Container>(std::move(it));
    made.cpu(0);
    return made;
  }
  void read(Container& it) {
    it.shown.reading.at = now_;
    book_->read(it.shown);
  }
  void end(Container& it) {
    it.shown.ended = now_;
    it.shown.reading.values.clear(Field::CgroupPopulated);
    book_->ended(it.shown);
  }
  void tell(Container& it, const std::string& image, std::optional<int> exit_code = {}) {
    auto metadata = std::make_shared<model::Metadata>();
    metadata->image = image;
    metadata->exit_code = exit_code;
    if (exit_code) metadata->finished = 1'000;
    it.shown.metadata = metadata;
    book_->told(it.shown);
  }
  void tick(int64_t nanoseconds = kSecond) {
    now_ += nanoseconds;
    book_->commit(now_);
  }
  void scrape() { book_->scraped(now_); }
  std::optional<WorkloadTotals> shown(const std::string& name) const {
    for (const model::WorkloadSnapshot& it : book_->shown()) {
      if (it.workload->name == name) return it.totals;
    }
    return std::nullopt;
  }

  TemporaryDirectory directory_;
  const std::string path_ = directory_.path() + "/ledger.db";
  std::string boot_ = "boot";
  bool keeps_cpus_ = false;
  base::Instant now_ = 1'000'000 * kSecond;
  std::optional<WorkloadBook> book_;
};

TEST_F(WorkloadBookTest, ANewWorkloadIsShownAtZeroBeforeWhatItUsed) {
  begin();
  Container it = container(1).cpu(500);
  read(it);
  tell(it, "shop");
  tick();
  EXPECT_EQ(shown("shop"), WorkloadTotals{});
  tick();
  EXPECT_EQ(shown("shop"), (WorkloadTotals{.runs = 1, .cpu_usec = 500}));
}

TEST_F(WorkloadBookTest, WhereSomebodyScrapesItsZeroWaitsForAScrape) {
  begin();
  scrape();
  Container it = container(1).cpu(500);
  read(it);
  tell(it, "shop");
  for (int i = 0; i < 5; ++i) {
    tick();
    ASSERT_EQ(shown("shop"), WorkloadTotals{});
  }
  scrape();
  EXPECT_EQ(shown("shop"), WorkloadTotals{});
  tick();
  EXPECT_EQ(shown("shop"), (WorkloadTotals{.runs = 1, .cpu_usec = 500}));
}

TEST_F(WorkloadBookTest, AScraperThatStaysAwayIsNotWaitedForForEver) {
  begin();
  scrape();
  Container it = container(1).cpu(500);
  read(it);
  tell(it, "shop");
  tick();
  EXPECT_EQ(shown("shop")->runs, 0U);
  tick(121 * kSecond);
  EXPECT_EQ(shown("shop")->runs, 1U);
}

TEST_F(WorkloadBookTest, WhatIsHeldBackFromTheEyesIsInTheLedger) {
  begin();
  scrape();
  Container it = container(1).cpu(500);
  read(it);
  tell(it, "shop");
  tick();
  start();
  begin();
  EXPECT_EQ(shown("shop"), (WorkloadTotals{.runs = 1, .cpu_usec = 500}));
}

TEST_F(WorkloadBookTest, WhatWasUsedBeforeBenchdBeganIsNoGrowth) {
  Container it = container(1).cpu(3'600'000'000);
  read(it);
  begin();
  tell(it, "shop");
  tick();
  EXPECT_EQ(shown("shop"), (WorkloadTotals{.runs = 1, .cpu_usec = 3'600'000'000}));
}

TEST_F(WorkloadBookTest, DeclaredWorkloadsAreThereAtZeroAndCountAtOnce) {
  start({{.name = "shop"}});
  begin();
  EXPECT_EQ(shown("shop"), WorkloadTotals{});
  for (uint64_t i = 1; i <= 200; ++i) {
    Container it = container(i).cpu(100'000);
    read(it);
    tell(it, "shop");
    end(it);
    book_->forgotten(i);
  }
  tick();
  EXPECT_EQ(shown("shop"), (WorkloadTotals{.runs = 200, .cpu_usec = 20'000'000}));
}

TEST_F(WorkloadBookTest, EstimatesGoOnAfterARestartAndAreInNoWorkload) {
  start({{.name = "shop"}});
  begin();
  Container it = container(1).cpu(500);
  it.shown.reading.threads_estimated = true;
  it.shown.reading.threads = model::ThreadTimes{.on_cpu = 5, .runnable = 6, .blocked = 7};
  read(it);
  tell(it, "shop");
  tick();
  EXPECT_EQ(shown("shop"), (WorkloadTotals{.runs = 1, .cpu_usec = 500}));
  EXPECT_FALSE(book_->shown().front().has_threads);
  start();
  EXPECT_FALSE(book_->threads_before(1, false, it.shown.reading.at));
  const auto before = book_->threads_before(1, true, it.shown.reading.at);
  ASSERT_TRUE(before);
  EXPECT_EQ(before->counted, *it.shown.reading.threads);
}

TEST_F(WorkloadBookTest, ARestartKnowsTheTimePerCpuThatWasShownWhereItHasToKeepIt) {
  for (const bool keeps : {true, false}) {
    keeps_cpus_ = keeps;
    start();
    begin();
    Container it = container(keeps ? 1 : 2).cpu(500);
    it.shown.reading.threads = model::ThreadTimes{.on_cpu = 5};
    it.shown.reading.cpus = {{.cpu = 0, .nanoseconds = 300}, {.cpu = 3, .nanoseconds = 200}};
    read(it);
    tick();
    start();
    const auto before = book_->threads_before(keeps ? 1 : 2, false, now_);
    ASSERT_TRUE(before);
    EXPECT_EQ(before->cpus, keeps ? it.shown.reading.cpus : std::vector<model::CpuTime>());
    const auto guessed = book_->threads_before(1, true, now_);
    EXPECT_FALSE(guessed && !guessed->cpus.empty());
  }
}

TEST_F(WorkloadBookTest, TimePerCpuIsKeptWhereThreadsAreNotKnown) {
  keeps_cpus_ = true;
  start();
  begin();
  Container it = container(1).cpu(500);
  it.shown.reading.cpus = {{.cpu = 0, .nanoseconds = 300}};
  read(it);
  tick();
  start();
  const auto before = book_->threads_before(1, false, now_);
  ASSERT_TRUE(before);
  EXPECT_EQ(before->cpus, it.shown.reading.cpus);
  EXPECT_EQ(before->shown, model::ThreadTimes());
}

TEST_F(WorkloadBookTest, ARestartGoesOnWhereTheLastCommitWas) {
  start({{.name = "shop"}});
  begin();
  Container it = container(1).cpu(500);
  it.shown.reading.threads = model::ThreadTimes{.on_cpu = 5, .runnable = 6, .blocked = 7, .migrations = 8, .alive = 3};
  read(it);
  tell(it, "shop");
  tick();
  start();
  const auto before = book_->threads_before(1, false, it.shown.reading.at + kSecond);
  ASSERT_TRUE(before);
  EXPECT_EQ(before->counted, *it.shown.reading.threads);
  EXPECT_EQ(before->shown.blocked, before->counted.blocked + before->counted.alive * kSecond);
  EXPECT_EQ(before->shown.on_cpu, before->counted.on_cpu);
  EXPECT_FALSE(book_->threads_before(2, false, it.shown.reading.at));
  it.cpu(700);
  it.shown.reading.threads->blocked += 1;
  it.shown.metadata.reset();
  read(it);
  begin();
  EXPECT_EQ(shown("shop"),
            (WorkloadTotals{.runs = 1, .cpu_usec = 700, .on_cpu_ns = 5, .runnable_ns = 6, .blocked_ns = 8}));
}

class SleepersTest : public WorkloadBookTest, public testing::WithParamInterface<bool> {
 protected:
  /// Reads each second for a minute; what was blocked at last.
  uint64_t sleep_for_a_minute(Container& it, bool estimated) {
    it.shown.reading.threads_estimated = estimated;
    for (int second = 0; second < 60; ++second) {
      it.shown.reading.threads->blocked += 3 * kSecond;
      read(it);
      tick();
    }
    return it.shown.reading.threads->blocked;
  }
};

TEST_P(SleepersTest, AreNotShownLowerAfterARestart) {
  const bool estimated = GetParam();
  start();
  begin();
  Container it = container(1);
  it.shown.reading.threads = model::ThreadTimes{.alive = 3};
  const uint64_t shown_before = sleep_for_a_minute(it, estimated);
  start();
  EXPECT_GE(book_->threads_before(1, estimated, now_)->shown.blocked, shown_before);
}

TEST_P(SleepersTest, AreNotShownLowerAfterATimeOfTheOtherKind) {
  const bool estimated = GetParam();
  start();
  begin();
  Container it = container(1);
  it.shown.reading.threads = model::ThreadTimes{.alive = 3};
  const uint64_t shown_before = sleep_for_a_minute(it, estimated);
  start();
  Container same = container(1);
  same.shown.reading.threads_estimated = !estimated;
  same.shown.reading.threads = model::ThreadTimes{.on_cpu = 1, .alive = 3};
  read(same);
  tick(1);
  start();
  EXPECT_GE(book_->threads_before(1, estimated, now_)->shown.blocked, shown_before);
}

INSTANTIATE_TEST_SUITE_P(ExactAndEstimated, SleepersTest, testing::Bool());

TEST_F(WorkloadBookTest, TimeNobodyObservedIsChargedToWhatWasRunning) {
  start({{.name = "running"}, {.name = "ended"}});
  begin();
  Container running = container(1);
  Container twin = container(2);
  Container ended = container(3);
  for (Container* it : {&running, &twin, &ended}) read(*it);
  tell(running, "running");
  tell(twin, "running");
  tell(ended, "ended");
  end(ended);
  tick();
  now_ += 30 * kSecond;
  start();
  begin();
  EXPECT_EQ(shown("running")->unobserved_ns, static_cast<uint64_t>(30 * kSecond));
  EXPECT_EQ(shown("ended")->unobserved_ns, 0U);
  // They ended in between: the next gap is none of theirs.
  now_ += 5 * kSecond;
  start();
  begin();
  EXPECT_EQ(shown("running")->unobserved_ns, static_cast<uint64_t>(30 * kSecond));
}

TEST_F(WorkloadBookTest, AnotherBootHasOtherContainersAndTheSameTotals) {
  start({{.name = "shop"}});
  begin();
  Container it = container(1).cpu(500);
  read(it);
  tell(it, "shop");
  tick();
  boot_ = "next boot";
  now_ = 50 * kSecond;
  start();
  Container other = container(1).cpu(30);
  read(other);
  tell(other, "shop");
  begin();
  EXPECT_EQ(shown("shop"), (WorkloadTotals{.runs = 2, .cpu_usec = 530}));
}

TEST_F(WorkloadBookTest, ANameThatComesAfterTheEndGetsEverything) {
  start({{.name = "shop"}});
  begin();
  Container it = container(1).cpu(500);
  read(it);
  end(it);
  tick(9 * kSecond);
  EXPECT_EQ(shown("shop"), WorkloadTotals{});
  tell(it, "shop", 0);
  tick();
  EXPECT_EQ(shown("shop"), (WorkloadTotals{.runs = 1, .cpu_usec = 500}));
  tick(20 * kSecond);
  EXPECT_FALSE(shown("unknown"));
}

TEST_F(WorkloadBookTest, WithoutANameForTenSecondsItIsUnknownAndStaysSo) {
  start({{.name = "shop"}});
  begin();
  Container it = container(1).cpu(500);
  read(it);
  end(it);
  tick(11 * kSecond);
  tick();
  EXPECT_EQ(shown("unknown"), (WorkloadTotals{.runs = 1, .cpu_usec = 500}));
  tell(it, "shop", 1);
  tick();
  EXPECT_EQ(shown("shop"), WorkloadTotals{});
  EXPECT_EQ(shown("unknown"), (WorkloadTotals{.runs = 1, .failures = 1, .cpu_usec = 500}));
}

TEST_F(WorkloadBookTest, ANamelessFinalSurvivesARestart) {
  begin();
  Container it = container(1).cpu(500);
  read(it);
  end(it);
  tick();
  start();
  begin();
  tick();
  EXPECT_EQ(shown("unknown"), (WorkloadTotals{.runs = 1, .cpu_usec = 500}));
}

TEST_F(WorkloadBookTest, ARestartedContainerNamesTheIncarnationBeforeIt) {
  start({{.name = "shop"}});
  begin();
  Container first = container(1).cpu(5);
  read(first);
  end(first);
  book_->forgotten(1);  // its path belongs to the next
  Container second = container(2).cpu(7);
  read(second);
  Container stranger = container(3, "other").cpu(100);
  read(stranger);
  end(stranger);
  tell(second, "shop");
  tick();
  EXPECT_EQ(shown("shop"), (WorkloadTotals{.runs = 2, .cpu_usec = 12}));
}

TEST_F(WorkloadBookTest, ForgottenBeforeItsNameCameItStillCounts) {
  begin();
  Container it = container(1).cpu(5);
  read(it);
  end(it);
  book_->forgotten(1);
  tick();
  tick(11 * kSecond);
  tick();
  EXPECT_EQ(shown("unknown"), (WorkloadTotals{.runs = 1, .cpu_usec = 5}));
}

TEST_F(WorkloadBookTest, AFailureIsCountedOnceHoweverOftenAndLateItIsTold) {
  start({{.name = "shop"}});
  begin();
  Container it = container(1).cpu(5);
  read(it);
  tell(it, "shop");
  end(it);
  tick();
  EXPECT_EQ(shown("shop")->failures, 0U);
  tell(it, "shop", 137);
  tell(it, "shop", 137);
  tick();
  EXPECT_EQ(shown("shop")->failures, 1U);
}

TEST_F(WorkloadBookTest, ASecondRunInOneCgroupHasAnExitCodeOfItsOwn) {
  start({{.name = "shop"}});
  begin();
  Container it = container(1).cpu(5);
  read(it);
  tell(it, "shop", 1);  // finished at 1,000
  end(it);
  it.shown.ended.reset();
  book_->restarted(it.shown, 1'001);
  it.cpu(9);
  read(it);
  end(it);
  tick();
  EXPECT_EQ(shown("shop"), (WorkloadTotals{.runs = 2, .failures = 1, .cpu_usec = 9}));
}

TEST_F(WorkloadBookTest, AFullDiskHoldsWhatIsShownAndLosesNothing) {
  start({{.name = "shop"}});
  begin();
  Container it = container(1).cpu(5);
  read(it);
  tell(it, "shop");
  tick();
  rlimit before{};
  ::signal(SIGXFSZ, SIG_IGN);
  ::getrlimit(RLIMIT_FSIZE, &before);
  rlimit full = before;
  full.rlim_cur = 1;
  ::setrlimit(RLIMIT_FSIZE, &full);
  read(it.cpu(100));
  end(it);
  book_->forgotten(1);
  tick();
  tick();
  ::setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(shown("shop")->cpu_usec, 5U);
  EXPECT_EQ(book_->counts().errors, 2U);
  ASSERT_TRUE(book_->state());
  EXPECT_THAT(book_->state()->found, HasSubstr(path_));
  tick();
  EXPECT_EQ(shown("shop")->cpu_usec, 100U);
  EXPECT_FALSE(book_->state());
}

TEST_F(WorkloadBookTest, BeyondAThousandWorkloadsThatHaveContainersTheRestIsUnknownAndCounted) {
  begin();
  for (uint64_t i = 1; i <= 1'005; ++i) {
    Container it = container(i).cpu(1);
    read(it);
    tell(it, "image " + std::to_string(i));
  }
  tick();
  tick();
  EXPECT_EQ(book_->shown().size(), 1'001U);
  EXPECT_EQ(shown("unknown")->runs, 5U);
  EXPECT_EQ(book_->counts().crowded_out, 5U);
  EXPECT_EQ(book_->counts().forgotten, 0U);
}

TEST_F(WorkloadBookTest, OfAThousandTheLongestUnusedMakesRoom) {
  start({{.name = "declared"}});
  begin();
  const auto run = [&](uint64_t cgroup_id, const std::string& image) {
    Container it = container(cgroup_id).cpu(1);
    read(it);
    tell(it, image);
    end(it);
    book_->forgotten(cgroup_id);
    tick();
  };
  for (uint64_t i = 1; i <= 999; ++i) run(i, "image " + std::to_string(i));
  run(1'000, "image 1");
  run(1'001, "new");
  tick();
  EXPECT_EQ(book_->shown().size(), 1'000U);
  EXPECT_EQ(shown("image 1")->runs, 2U);
  EXPECT_FALSE(shown("image 2"));
  EXPECT_EQ(shown("new")->runs, 1U);
  EXPECT_TRUE(shown("declared"));
  EXPECT_EQ(book_->counts().forgotten, 1U);
  // Two that change places in one transaction.
  Container again = container(2'000).cpu(1);
  read(again);
  tell(again, "image 2");
  Container newer = container(2'001).cpu(1);
  read(newer);
  tell(newer, "image 3");
  tick();
  start();
  begin();
  EXPECT_EQ(book_->counts().errors, 0U);
  EXPECT_EQ(shown("image 2")->runs, 1U);
  EXPECT_EQ(shown("image 3")->runs, 1U);
  EXPECT_FALSE(shown("image 4"));
}

TEST_F(WorkloadBookTest, WritesNothingWhileNothingIsThere) {
  begin();
  const uint64_t commits = book_->counts().commits;
  for (int i = 0; i < 10; ++i) tick();
  EXPECT_EQ(book_->counts().commits, commits);
}

}  // namespace
}  // namespace benchd::daemon
