#include "collectors/kernel/thread_estimator.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <map>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include "support/temporary_directory.h"

namespace benchd::kernel {
namespace {

using base::kMillisecond;
using base::kSecond;
using model::CpuTime;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr uint64_t kBurnt = kSecond / 2;

/// A proc and a cgroup tree of files, and a clock that stands still unless told to go.
class ThreadEstimatorTest : public testing::Test {
 protected:
  void SetUp() override {
    thread(1, {.did = "1 1 1"});
    auto estimator = ThreadEstimator::make(proc(), base::CpuSet().set(0).set(4), [this] { return now_ += step_; });
    ASSERT_TRUE(estimator.ok()) << estimator.error().message();
    estimator_ = *std::move(estimator);
  }

  std::string proc() const { return directory_.path() + "/proc"; }
  std::string cgroup(const std::string& name) const { return directory_.path() + "/cgroup/" + name; }

  static void write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << text;
  }

  struct Made {
    std::string did;          ///< schedstat
    base::Instant start = 0;  ///< of the boot
    int cpu = 0;
  };
  void thread(int tid, const Made& it) {
    const std::string number = std::to_string(tid);
    write(proc() + "/" + number + "/schedstat", it.did + "\n");
    const std::string start = std::to_string(it.start / (kSecond / ::sysconf(_SC_CLK_TCK)));
    write(proc() + "/" + number + "/task/" + number + "/stat",
          number + " (some (name) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 " + start +
              " 0 0 0 1 1 0 0 0 0 0 0 0 0 0 0 17 " + std::to_string(it.cpu) + " 0 0 0\n");
  }
  void no_thread(int tid) { std::filesystem::remove_all(proc() + "/" + std::to_string(tid)); }
  void members(const std::string& name, const std::string& tids) { write(cgroup(name) + "/cgroup.threads", tids); }

  void start(uint64_t id, const std::string& name, ShownBefore before = {}) {
    fds_[id] = base::Fd(::open(cgroup(name).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    estimator_->started(id, fds_[id].get(), std::move(before));
  }
  /// A round, `later` after the one before; what the container with this id shows then.
  const model::Reading& look(uint64_t id, base::Instant later = kSecond) {
    now_ += later;
    estimator_->look_at_threads();
    return again(id);
  }
  /// In the same round.
  const model::Reading& again(uint64_t id) {
    estimator_->read(id, readings_[id]);
    return readings_[id];
  }
  std::vector<CpuTime> used(uint64_t id) {
    std::vector<CpuTime> cpus = readings_[id].cpus;
    std::erase_if(cpus, [](const CpuTime& cpu) { return cpu.nanoseconds == 0; });
    return cpus;
  }

  TemporaryDirectory directory_;
  base::Instant now_ = 1000 * kSecond;
  base::Instant step_ = 0;
  std::unique_ptr<ThreadEstimator> estimator_;
  std::map<uint64_t, base::Fd> fds_;
  std::map<uint64_t, model::Reading> readings_;
};

TEST_F(ThreadEstimatorTest, ChargesWhatAThreadDidSinceTheLastLookToWhereItWasLastSeen) {
  members("a", "7\n");
  thread(7, {.did = "9000000000 5000000000 3", .start = 10 * kSecond, .cpu = 1});
  start(1, "a");
  look(1);
  EXPECT_THAT(used(1), IsEmpty()) << "what it did before it was first seen is not known to be of here";
  EXPECT_EQ(readings_[1].threads->on_cpu, 0u);
  thread(7, {.did = "9300000000 5200000000 5", .start = 10 * kSecond, .cpu = 3});
  look(1);
  EXPECT_TRUE(readings_[1].threads_estimated);
  EXPECT_THAT(used(1), ElementsAre(CpuTime{3, 300'000'000}));
  EXPECT_EQ(readings_[1].threads->on_cpu, 300'000'000u);
  EXPECT_EQ(readings_[1].threads->runnable, 200'000'000u);
  EXPECT_EQ(readings_[1].threads->blocked, 500'000'000u);
  EXPECT_EQ(readings_[1].threads->alive, 1u);
}

TEST_F(ThreadEstimatorTest, AThreadMadeAfterItsContainerIsChargedFromItsBirth) {
  members("a", "");
  start(1, "a");
  look(1);
  members("a", "7\n");
  thread(7, {.did = "500000000 0 3", .start = now_ + 400 * kMillisecond, .cpu = 2});
  look(1);
  EXPECT_THAT(used(1), ElementsAre(CpuTime{2, kBurnt}));
  EXPECT_EQ(readings_[1].threads->blocked, 100'000'000u) << "alive for 600 ms";
}

TEST_F(ThreadEstimatorTest, TheFirstProcessThatAnEngineMadeAheadOfTheCgroupIsChargedFromItsBirth) {
  members("a", "7\n");
  thread(7, {.did = "500000000 0 3", .start = now_ - 100 * kMillisecond});
  start(1, "a");
  look(1);
  EXPECT_THAT(used(1), ElementsAre(CpuTime{0, kBurnt}));
}

TEST_F(ThreadEstimatorTest, ARestartGoesOnAndChargesNoThreadASecondTime) {
  members("a", "7\n");
  thread(7, {.did = "500000000 0 3", .start = now_ - 100 * kMillisecond});
  start(1, "a", {.threads = {.on_cpu = kBurnt, .runnable = 1, .blocked = 2}, .cpus = {{.cpu = 1, .nanoseconds = 30}}});
  look(1);
  EXPECT_EQ(readings_[1].threads->on_cpu, kBurnt);
  EXPECT_THAT(used(1), ElementsAre(CpuTime{1, 30}));
  thread(7, {.did = "500000011 100 4", .start = now_ - 1100 * kMillisecond});
  look(1);
  EXPECT_EQ(readings_[1].threads->on_cpu, kBurnt + 11);
  EXPECT_EQ(readings_[1].threads->runnable, 101u);
}

TEST_F(ThreadEstimatorTest, AThreadThatSleptIsAliveAndBlocked) {
  members("a", "7\n");
  thread(7, {.did = "100 0 3"});
  start(1, "a");
  look(1);
  // A look at a thread that did nothing does not ask where it is.
  std::filesystem::remove_all(proc() + "/7/task");
  look(1);
  EXPECT_EQ(readings_[1].threads->blocked, static_cast<uint64_t>(kSecond));
  EXPECT_EQ(estimator_->counts().unreadable, 0u);
}

TEST_F(ThreadEstimatorTest, AnotherThreadWithTheNumberOfOneThatEndedIsChargedItsOwnLife) {
  members("a", "7\n");
  thread(7, {.did = "800000000 0 30", .start = 10 * kSecond});
  start(1, "a");
  look(1);
  thread(7, {.did = "500000000 0 2", .start = now_ + 400 * kMillisecond, .cpu = 1});
  look(1);
  EXPECT_THAT(used(1), ElementsAre(CpuTime{1, kBurnt}));
  EXPECT_EQ(estimator_->counts().ended, 1u);
}

TEST_F(ThreadEstimatorTest, AThreadThatEndsTakesNothingBackAndIsCounted) {
  members("a", "7\n");
  start(1, "a");
  thread(7, {.did = "500000000 0 2", .start = now_});
  look(1);
  members("a", "");
  no_thread(7);
  look(1);
  look(1);
  EXPECT_THAT(used(1), ElementsAre(CpuTime{0, kBurnt}));
  EXPECT_EQ(readings_[1].threads->on_cpu, kBurnt);
  EXPECT_EQ(readings_[1].threads->alive, 0u);
  EXPECT_EQ(estimator_->counts().ended, 1u);
  EXPECT_TRUE(estimator_->status().success);
}

TEST_F(ThreadEstimatorTest, AThreadThatEndsBetweenTheListAndTheLookIsCounted) {
  members("a", "7\n");
  start(1, "a");
  look(1);
  look(1);
  EXPECT_EQ(estimator_->counts().ended, 1u);
  EXPECT_EQ(estimator_->counts().unreadable, 0u);
  EXPECT_TRUE(estimator_->status().success);
}

TEST_F(ThreadEstimatorTest, ChargesThreadsOfCgroupsBelowAndOfThreadedOnes) {
  members("a", "");
  members("a/b", "7\n");
  members("a/b/c", "8\n");
  start(1, "a");
  thread(7, {.did = "5 0 1", .start = now_});
  thread(8, {.did = "70 0 1", .start = now_, .cpu = 1});
  look(1);
  EXPECT_THAT(used(1), ElementsAre(CpuTime{0, 5}, CpuTime{1, 70}));
  EXPECT_EQ(readings_[1].threads->alive, 2u);
}

TEST_F(ThreadEstimatorTest, AContainerInAContainerIsChargedToBothWithOneLook) {
  members("a", "");
  members("a/b", "7\n");
  start(1, "a");
  start(2, "a/b");
  thread(7, {.did = "500000000 0 1", .start = now_});
  look(1);
  again(2);
  thread(7, {.did = "600000000 0 1", .start = now_ - kSecond});
  look(2);
  again(1);
  EXPECT_THAT(used(1), ElementsAre(CpuTime{0, 600'000'000}));
  EXPECT_THAT(used(2), ElementsAre(CpuTime{0, 600'000'000}));
  EXPECT_EQ(estimator_->counts().looks, 2u);
}

TEST_F(ThreadEstimatorTest, AThreadThatMovesIsNotChargedItsLifeOnceMore) {
  members("a", "7\n");
  members("b", "");
  start(1, "a");
  start(2, "b");
  thread(7, {.did = "500000000 0 1", .start = now_});
  look(1);
  again(2);
  members("a", "");
  members("b", "7\n");
  thread(7, {.did = "600000000 0 1", .start = now_ - kSecond});
  look(1);
  again(2);
  EXPECT_THAT(used(1), ElementsAre(CpuTime{0, kBurnt}));
  EXPECT_THAT(used(2), ElementsAre(CpuTime{0, 100'000'000}));
}

TEST_F(ThreadEstimatorTest, WhatCannotBeReadIsCountedAndChargedLater) {
  members("a", "7\n");
  start(1, "a");
  thread(7, {.did = "500000000 0 1", .start = now_});
  look(1);
  thread(7, {.did = "garbage", .start = now_ - kSecond});
  look(1);
  thread(7, {.did = "600000000 0 1", .start = now_ - 2 * kSecond});
  look(1);
  EXPECT_FALSE(estimator_->status().success) << "of the round before";
  EXPECT_EQ(estimator_->counts().unreadable, 1u);
  EXPECT_THAT(used(1), ElementsAre(CpuTime{0, 600'000'000}));
  look(1);
  EXPECT_TRUE(estimator_->status().success);
}

TEST_F(ThreadEstimatorTest, ACounterThatFallsChargesNothing) {
  members("a", "7\n");
  start(1, "a");
  const base::Instant start = now_;
  thread(7, {.did = "500000000 50 9", .start = start});
  look(1);
  thread(7, {.did = "400000000 40 2", .start = start});  // execve() by another thread takes over number and start
  look(1);
  thread(7, {.did = "400000007 40 3", .start = start});
  look(1);
  EXPECT_EQ(readings_[1].threads->on_cpu, kBurnt + 7);
  EXPECT_EQ(readings_[1].threads->runnable, 50u);
}

TEST_F(ThreadEstimatorTest, LooksTakeATwentiethOfTheTimeAtMost) {
  members("a", "7\n");
  start(1, "a");
  const base::Instant start = now_;
  thread(7, {.did = "1 0 1", .start = start});
  step_ = 50 * kMillisecond;  // what each question about the time takes: one at the begin, one a thread, one at the end
  look(1);
  EXPECT_EQ(readings_[1].threads->on_cpu, 1u);
  step_ = 0;
  thread(7, {.did = "2 0 2", .start = start});
  look(1);  // 1 s after a round that took 0.1 s
  EXPECT_EQ(readings_[1].threads->on_cpu, 1u);
  look(1);
  EXPECT_EQ(readings_[1].threads->on_cpu, 2u);
  EXPECT_EQ(estimator_->counts().ended, 0u);
}

TEST_F(ThreadEstimatorTest, AContainerThatEndedIsNotReadAnyMore) {
  members("a", "7\n");
  start(1, "a");
  thread(7, {.did = "5 0 1", .start = now_});
  look(1);
  estimator_->ended(1);
  thread(7, {.did = "9 0 1", .start = now_ - kSecond});
  look(1);
  EXPECT_EQ(readings_[1].threads->on_cpu, 5u);
  EXPECT_EQ(estimator_->counts().looks, 1u);
}

TEST_F(ThreadEstimatorTest, TheCpusThatItMayUseStandAtZeroFromBirthOn) {
  members("a", "");
  members("b", "");
  start(1, "a");
  start(2, "b");
  readings_[2].values.set(model::Field::CpusEffective, 1);
  readings_[2].cpus_effective.set(4);
  look(1);
  again(2);
  EXPECT_THAT(readings_[1].cpus, ElementsAre(CpuTime{0, 0}, CpuTime{4, 0})) << "all that are online";
  EXPECT_THAT(readings_[2].cpus, ElementsAre(CpuTime{4, 0}));
}

TEST_F(ThreadEstimatorTest, WhereProcessesOfOthersAreHiddenThereIsNone) {
  no_thread(1);
  const auto none = ThreadEstimator::make(proc(), {});
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code, ENOENT);
  EXPECT_THAT(none.error().message(), testing::HasSubstr("1/schedstat"));
}

}  // namespace
}  // namespace benchd::kernel
