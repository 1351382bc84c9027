#include <filesystem>
#include <random>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectors/cgroup/files.h"
#include "collectors/cgroup/tree.h"
#include "recorder.h"
#include "support/live_cgroup.h"

namespace benchd::cgroup {
namespace {

using testing::ElementsAre;

/// The tree below the test's own cgroup, where every cgroup is a container.
class LiveTree : public LiveCgroup {
 protected:
  void SetUp() override {
    LiveCgroup::SetUp();
    if (IsSkipped()) return;
    tree_.emplace(path(), [](std::string_view) { return model::PathMatch{}; });
    sweep();
  }

  void sweep() { tree_->sweep(++now_, recorder_); }

  /// Takes events until none has come for a while.
  void dispatch() {
    pollfd ready{.fd = tree_->fd(), .events = POLLIN};
    do {
      tree_->dispatch(++now_, recorder_);
    } while (::poll(&ready, 1, 20) > 0);
  }

  void dispatch_until_noted(const std::string& text) {
    wait_until(
        [&] {
          tree_->dispatch(++now_, recorder_);
          for (std::string& note : recorder_.take()) notes_.push_back(std::move(note));
          return std::ranges::find(notes_, text) != notes_.end();
        },
        text.c_str());
  }

  std::set<std::string> known() const {
    std::set<std::string> paths;
    for (const auto& [id, known] : recorder_.containers()) paths.insert(known.container->path);
    return paths;
  }

  std::set<std::string> there() const {
    std::set<std::string> paths;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path())) {
      if (entry.is_directory()) paths.insert(entry.path().string().substr(path().size()));
    }
    return paths;
  }

  std::optional<Tree> tree_;
  Recorder recorder_;
  std::vector<std::string> notes_;
  base::Instant now_ = 0;
};

TEST_F(LiveTree, FollowsABurstOfNestedCgroups) {
  for (int i = 0; i < 100; ++i) {
    const std::string name = "c" + std::to_string(i);
    make(name + "/pod/inner");
    if (i % 10 == 0) tree_->dispatch(++now_, recorder_);
    if (i % 2 == 0) remove(name + "/pod");
    if (i % 3 == 0) remove(name);
  }
  dispatch();
  EXPECT_EQ(known(), there());
  sweep();
  EXPECT_EQ(tree_->counts().found_by_sweep, 0);
  EXPECT_EQ(tree_->counts().cgroups, known().size());
}

TEST_F(LiveTree, TakesEachCgroupOfOneNameForItsOwnContainer) {
  std::set<uint64_t> ids;
  for (int i = 0; i < 50; ++i) {
    make("c");
    dispatch_until_noted("+/c");
    ASSERT_EQ(recorder_.containers().size(), 1);
    const uint64_t id = recorder_.containers().begin()->first;
    EXPECT_TRUE(ids.insert(id).second);
    struct stat info {};
    ASSERT_EQ(::stat(path("c").c_str(), &info), 0);
    EXPECT_EQ(id, info.st_ino);
    notes_.clear();
    remove("c");
    if (i % 2 == 0) dispatch_until_noted("-/c");
  }
}

TEST_F(LiveTree, FindsTwoThousandCgroupsMadeAtOnce) {
  for (int i = 0; i < 2000; ++i) make("c" + std::to_string(i));
  dispatch();
  EXPECT_EQ(recorder_.containers().size(), 2000);
  for (int i = 0; i < 2000; ++i) remove("c" + std::to_string(i));
  dispatch();
  EXPECT_EQ(recorder_.containers().size(), 0);
  EXPECT_EQ(tree_->counts().cgroups, 0);
  EXPECT_EQ(tree_->counts().found_by_sweep, 0);
}

TEST_F(LiveTree, TellsOfTheFirstProcessAndOfTheEndOfTheLast) {
  make("c/inner");
  dispatch_until_noted("+/c/inner");
  {
    const Worker worker([] { ::pause(); });
    put(worker, "c/inner");
    dispatch_until_noted("populated /c");
    dispatch_until_noted("populated /c/inner");
    notes_.clear();
  }
  dispatch_until_noted("empty /c");
  dispatch_until_noted("empty /c/inner");
}

TEST_F(LiveTree, FindsProcessesThatCameBeforeItDid) {
  make("c");
  const Worker worker([] { ::pause(); });
  put(worker, "c");
  Tree late(path(), [](std::string_view) { return model::PathMatch{}; });
  Recorder recorder;
  late.sweep(1, recorder);
  EXPECT_THAT(recorder.take(), ElementsAre("+/c", "populated /c"));
}

TEST_F(LiveTree, TellsOfALimitThatIsWritten) {
  make("c");
  dispatch_until_noted("+/c");
  if (::access(path("c/cpu.max").c_str(), W_OK) != 0) GTEST_SKIP() << "no cpu controller in this cgroup2";
  write("c/cpu.max", "50000 100000");
  dispatch_until_noted("changed /c");
}

TEST_F(LiveTree, AgreesWithTheKernelAfterChurnThatItReadsThrough) {
  constexpr unsigned kSeed = 20250101;
  Worker churn([&] {
    std::mt19937 random(kSeed);
    for (int i = 0; i < 4000; ++i) {
      std::string name = path("c" + std::to_string(random() % 20));
      if (random() % 2 == 0) name += "/inner";
      if (random() % 2 == 0) name += "/deep";
      random() % 2 == 0 ? ::mkdir(name.c_str(), 0755) : ::rmdir(name.c_str());
    }
  });
  ReaderShare share(50);
  while (!churn.finished()) {
    tree_->dispatch(++now_, recorder_);
    recorder_.take();
    for (const auto& [id, known] : recorder_.containers()) {
      model::Reading reading;
      base::Fd directory(::dup(known.directory.get()));
      ContainerFiles files(std::move(directory), share);
      if (files.read(now_, true, reading) == ContainerFiles::Outcome::Read) {
        EXPECT_TRUE(reading.values.has(model::Field::CpuUsage)) << "seed " << kSeed;
      }
    }
  }
  dispatch();
  EXPECT_EQ(known(), there());
  sweep();
  EXPECT_EQ(tree_->counts().found_by_sweep, 0);
  EXPECT_EQ(share.fds.used(), 0);
  EXPECT_EQ(share.counts.errors, FileCounts().errors);
}

}  // namespace
}  // namespace benchd::cgroup
