#include <chrono>
#include <optional>
#include <random>
#include <thread>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "collectors/cgroup/files.h"
#include "plain_value.h"
#include "support/live_cgroup.h"

namespace benchd::cgroup {
namespace {

using base::kSecond;
using model::Field;
using testing::Optional;
using Outcome = ContainerFiles::Outcome;

/// One container, c, in the test's own cgroup.
class LiveFiles : public LiveCgroup {
 protected:
  void SetUp() override {
    LiveCgroup::SetUp();
    if (IsSkipped()) return;
    make("c");
    files_.emplace(open("c"), share_);
  }

  base::Fd open(const std::string& cgroup) {
    return base::Fd(::open(path(cgroup).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }

  /// Reads all files: each call is 10 s after the last one.
  Outcome read_all() {
    now_ += 10 * kSecond;
    return files_->read(now_, true, reading_);
  }

  std::optional<uint64_t> value(Field field) const { return reading_.values.get(field); }

  ReaderShare share_{100};
  std::optional<ContainerFiles> files_;
  model::Reading reading_;
  base::Instant now_ = 0;
};

/// Burns, is disturbed, starts and ends threads of execution: all hot counters move.
void be_busy() {
  std::mt19937 random(7);
  for (;;) {
    volatile uint64_t sum = 0;
    for (unsigned i = random() % 1'000'000; i > 0; --i) sum = sum + i;
    if (random() % 4 == 0) std::this_thread::sleep_for(std::chrono::microseconds(random() % 500));
  }
}

TEST_F(LiveFiles, EveryCounterLiesBetweenTheKernelsOwnBeforeAndAfter) {
  const Worker first(be_busy);
  const Worker second(be_busy);
  const Worker third(be_busy);
  for (const Worker* worker : {&first, &second, &third}) put(*worker, "c");
  ASSERT_EQ(read_all(), Outcome::Read);

  std::vector<model::FieldSpec> counters;
  for (const model::FieldSpec& field : model::kFields) {
    if (field.kind == model::Kind::Counter && files_->present()[static_cast<size_t>(field.file)]) {
      counters.push_back(field);
    }
  }
  ASSERT_GT(counters.size(), 3);
  const auto kernels_own = [&] {
    std::vector<std::optional<uint64_t>> values;
    for (const model::FieldSpec& field : counters) values.push_back(plain_value(path("c"), field));
    return values;
  };

  std::mt19937 random(20250101);
  const uint64_t usage_at_first = value(Field::CpuUsage).value_or(0);
  for (int instant = 0; instant < 1000; ++instant) {
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 2000));
    const auto before = kernels_own();
    ASSERT_EQ(read_all(), Outcome::Read);
    const auto after = kernels_own();
    for (size_t i = 0; i < counters.size(); ++i) {
      const auto read = value(counters[i].field);
      ASSERT_EQ(read.has_value(), before[i].has_value()) << model::spec(counters[i].file).name << counters[i].key;
      if (!read) continue;
      ASSERT_LE(*before[i], *read) << counters[i].key << " at instant " << instant;
      ASSERT_LE(*read, *after[i]) << counters[i].key << " at instant " << instant;
    }
  }
  EXPECT_GT(value(Field::CpuUsage), usage_at_first);
}

TEST_F(LiveFiles, AFrozenWorkloadHasTheGaugesThatTheKernelShows) {
  const Worker worker(be_busy);
  put(worker, "c");
  write("c/cgroup.freeze", "1");
  wait_until([&] { return read("c/cgroup.events").find("frozen 1") != std::string::npos; }, "frozen");
  ASSERT_EQ(read_all(), Outcome::Read);
  EXPECT_THAT(value(Field::CgroupFrozen), Optional(1));
  EXPECT_THAT(value(Field::Processes), Optional(1));
  size_t gauges = 0;
  for (const model::FieldSpec& field : model::kFields) {
    if (field.kind == model::Kind::Counter) continue;
    const auto expected = plain_value(path("c"), field);
    if (!expected) continue;
    EXPECT_EQ(value(field.field), expected) << model::spec(field.file).name << ' ' << field.key;
    ++gauges;
  }
  EXPECT_GE(gauges, 4);
}

TEST_F(LiveFiles, KeepEverythingWhenTheCgroupIsRemoved) {
  {
    const Worker worker(be_busy);
    put(worker, "c");
    wait_until([&] { return read_all() == Outcome::Read && value(Field::CpuUsage).value_or(0) > 0; }, "cpu time");
  }
  wait_until([&] { return read("c/cgroup.events").find("populated 0") != std::string::npos; }, "empty");
  ASSERT_EQ(files_->finish(++now_, reading_), Outcome::Read);
  EXPECT_EQ(value(Field::CpuUsage), plain_value(path("c"), model::spec(Field::CpuUsage)));
  EXPECT_GT(share_.fds.used(), 0);

  const model::FieldValues last = reading_.values;
  remove("c");
  EXPECT_EQ(files_->read(now_ + 1, false, reading_), Outcome::Gone);
  EXPECT_EQ(reading_.values, last);
  EXPECT_EQ(reading_.at, now_);
  EXPECT_EQ(share_.fds.used(), 0);
  EXPECT_EQ(share_.counts.errors, FileCounts().errors);
}

TEST_F(LiveFiles, CountWhatAFinishMissesWhenTheRemovalWasFaster) {
  ASSERT_EQ(read_all(), Outcome::Read);
  remove("c");
  EXPECT_EQ(files_->finish(++now_, reading_), Outcome::Gone);
  EXPECT_EQ(share_.counts.final_incomplete[static_cast<size_t>(model::File::CpuStat)], 1);
}

TEST_F(LiveFiles, NoticeThatPressureIsSwitchedOffAndOn) {
  if (::access(path("c/cgroup.pressure").c_str(), W_OK) != 0) GTEST_SKIP() << "no cgroup.pressure before Linux 6.1";
  ASSERT_EQ(read_all(), Outcome::Read);
  ASSERT_TRUE(value(Field::CpuPressureSome));
  write("c/cgroup.pressure", "0");
  ASSERT_EQ(read_all(), Outcome::Read);
  ASSERT_EQ(read_all(), Outcome::Read);
  EXPECT_EQ(value(Field::CpuPressureSome), std::nullopt);
  EXPECT_TRUE(value(Field::CpuUsage));
  write("c/cgroup.pressure", "1");
  ASSERT_EQ(read_all(), Outcome::Read);
  EXPECT_TRUE(value(Field::CpuPressureSome));
  EXPECT_EQ(share_.counts.errors, FileCounts().errors);
}

TEST_F(LiveFiles, CountTheProcessesOfAllCgroupsBelow) {
  make("c/pod/inner");
  const Worker outer([] { ::pause(); });
  const Worker inner([] { ::pause(); });
  put(outer, "c");
  put(inner, "c/pod/inner");
  ASSERT_EQ(read_all(), Outcome::Read);
  EXPECT_THAT(value(Field::Processes), Optional(2));
  EXPECT_THAT(value(Field::Descendants), Optional(2));
}

TEST_F(LiveFiles, CountAThreadedSubtreeInTheDomainThatOwnsIt) {
  make("c/threads");
  const Worker worker([] { ::pause(); });
  put(worker, "c");
  write("c/threads/cgroup.type", "threaded");
  write("c/threads/cgroup.threads", std::to_string(worker.pid()));
  ASSERT_EQ(read_all(), Outcome::Read);
  EXPECT_THAT(value(Field::Processes), Optional(1));

  ContainerFiles threaded(open("c/threads"), share_);
  model::Reading reading;
  EXPECT_EQ(threaded.read(1, true, reading), Outcome::Read);
  EXPECT_EQ(reading.values.get(Field::Processes), std::nullopt);
  EXPECT_TRUE(reading.values.has(Field::CpuUsage));
  EXPECT_EQ(share_.counts.errors, FileCounts().errors);
}

}  // namespace
}  // namespace benchd::cgroup
