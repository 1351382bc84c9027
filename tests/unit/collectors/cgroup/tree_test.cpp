#include "collectors/cgroup/tree.h"

#include <fstream>
#include <map>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "fake_tree.h"
#include "recorder.h"

namespace benchd::cgroup {
namespace {

using base::kSecond;
using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

/// What is named c… is a container.
std::optional<model::PathMatch> named_c(std::string_view path) {
  if (!path.substr(path.rfind('/')).starts_with("/c")) return std::nullopt;
  return model::PathMatch{};
}

class TreeTest : public testing::Test {
 protected:
  void dispatch() { tree_.dispatch(++now_, recorder_); }
  void sweep() { tree_.sweep(++now_, recorder_); }

  FakeTree fake_;
  Tree tree_{fake_.path(), named_c};
  Recorder recorder_;
  base::Instant now_ = 0;
};

TEST_F(TreeTest, FindsWhatIsThereAtTheFirstSweep) {
  fake_.make("slice/c1", {{"cgroup.events", "populated 1\nfrozen 0\n"}});
  fake_.make("slice/c1/c2");
  fake_.make("other");
  EXPECT_EQ(tree_.next_sweep(), 0);
  sweep();
  EXPECT_THAT(recorder_.take(), ElementsAre("+/slice/c1", "populated /slice/c1", "+/slice/c1/c2"));
  EXPECT_EQ(tree_.counts().cgroups, 4);
  EXPECT_EQ(tree_.counts().unwatched, 0);
  EXPECT_EQ(tree_.counts().found_by_sweep, 0);
}

TEST_F(TreeTest, HandsOverTheDirectoryAndTheIdentity) {
  fake_.make("c1");
  sweep();
  struct stat info {};
  ASSERT_EQ(::stat(fake_.path("c1").c_str(), &info), 0);
  const auto& [container, directory] = recorder_.containers().at(info.st_ino);
  EXPECT_EQ(container->cgroup_id, info.st_ino);
  EXPECT_EQ(container->path, "/c1");
  EXPECT_EQ(container->first_seen, now_);
  struct stat handed {};
  ASSERT_EQ(::fstat(directory.get(), &handed), 0);
  EXPECT_EQ(handed.st_ino, info.st_ino);
}

TEST_F(TreeTest, SeesStartsAndEndsByEvents) {
  sweep();
  fake_.make("slice/c1");
  dispatch();
  EXPECT_THAT(recorder_.take(), ElementsAre("+/slice/c1"));
  fake_.remove("slice/c1");
  dispatch();
  EXPECT_THAT(recorder_.take(), ElementsAre("-/slice/c1"));
  EXPECT_EQ(tree_.counts().found_by_sweep, 0);
}

TEST_F(TreeTest, SeesWhatWasNestedBeforeItsParentHadAWatch) {
  sweep();
  fake_.make("a/b/c1/c2");  // one event, for a
  dispatch();
  EXPECT_THAT(recorder_.take(), ElementsAre("+/a/b/c1", "+/a/b/c1/c2"));
  fake_.remove("a");
  dispatch();
  EXPECT_THAT(recorder_.take(), ElementsAre("-/a/b/c1/c2", "-/a/b/c1"));
  EXPECT_EQ(tree_.counts().cgroups, 0);
}

TEST_F(TreeTest, TakesTwoOfOneNameForTwoContainers) {
  fake_.make("c1");
  sweep();
  recorder_.take();
  // Kept open, lest the file system of the test gives its inode number to the next one; kernfs never does.
  const auto held = base::open_directory(AT_FDCWD, fake_.path("c1").c_str());
  ASSERT_TRUE(held.ok());
  fake_.remove("c1");
  fake_.make("c1");
  dispatch();
  EXPECT_THAT(recorder_.take(), ElementsAre("-/c1", "+/c1"));
  EXPECT_EQ(recorder_.containers().size(), 1);
}

TEST_F(TreeTest, IsNotMisledByEventsOfAnEarlierLifeOfTheName) {
  sweep();
  fake_.make("c1");
  const auto held = base::open_directory(AT_FDCWD, fake_.path("c1").c_str());
  fake_.remove("c1");
  fake_.make("c1");  // create, delete, create are queued; the first already shows the third's directory
  dispatch();
  EXPECT_THAT(recorder_.take(), ElementsAre("+/c1"));
}

TEST_F(TreeTest, IsNotMisledWhenTheParentWasReplaced) {
  fake_.make("a/b");
  sweep();
  fake_.make("a/b/c1");  // this event stands before the one that tells of the new a
  const auto held_a = base::open_directory(AT_FDCWD, fake_.path("a").c_str());
  const auto held_b = base::open_directory(AT_FDCWD, fake_.path("a/b").c_str());
  const auto held_c = base::open_directory(AT_FDCWD, fake_.path("a/b/c1").c_str());
  fake_.remove("a");
  fake_.make("a/b/c1");
  dispatch();
  EXPECT_THAT(recorder_.take(), ElementsAre("+/a/b/c1"));
}

TEST_F(TreeTest, MissesWhatCameAndWentBetweenTwoLooksAndGoesOn) {
  sweep();
  fake_.make("c1");
  fake_.remove("c1");
  fake_.make("c2");
  dispatch();
  EXPECT_THAT(recorder_.take(), ElementsAre("+/c2"));
}

TEST_F(TreeTest, CountsContainersThatWereGoneBeforeItLooked) {
  fake_.make("slice");
  sweep();
  fake_.make("slice/c1");
  fake_.make("slice/other");
  fake_.remove("slice/c1");
  fake_.remove("slice/other");
  fake_.make("slice/c2");
  dispatch();
  fake_.remove("slice/c2");
  dispatch();
  EXPECT_EQ(tree_.counts().missed, 1);
}

TEST_F(TreeTest, SaysWhenOpenFilesRunOutAndFindsTheRestLater) {
  for (int i = 0; i < 10; ++i) fake_.make("c" + std::to_string(i));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const int next = ::dup(STDIN_FILENO);
  ASSERT_GE(next, 0);
  ::close(next);
  const rlimit tight{.rlim_cur = static_cast<rlim_t>(next) + 5, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  sweep();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_LT(recorder_.containers().size(), 10);
  ASSERT_TRUE(tree_.state());
  EXPECT_EQ(tree_.state()->subject, "open files");
  EXPECT_EQ(tree_.next_sweep(), now_ + 2 * kSecond);
  sweep();
  EXPECT_EQ(recorder_.containers().size(), 10);
  EXPECT_FALSE(tree_.state());
}

TEST_F(TreeTest, TellsOfProcessesComingAndGoing) {
  fake_.make("c1");
  sweep();
  recorder_.take();
  fake_.write("c1/cgroup.events", "populated 1\nfrozen 0\n");
  dispatch();
  EXPECT_THAT(recorder_.take(), testing::Contains("populated /c1"));
  fake_.write("c1/cgroup.events", "populated 1\nfrozen 1\n");
  dispatch();
  EXPECT_THAT(recorder_.take(), AllOf(Not(IsEmpty()), Each("changed /c1")));
  fake_.write("c1/cgroup.events", "populated 0\nfrozen 0\n");
  dispatch();
  EXPECT_THAT(recorder_.take(), testing::Contains("empty /c1"));
}

TEST_F(TreeTest, TellsOfAContainerThatLivedAndDiedBetweenTwoLooks) {
  fake_.make("c1");
  sweep();
  recorder_.take();
  fake_.write("c1/cgroup.events", "populated 1\nfrozen 0\n");
  fake_.write("c1/cgroup.events", "populated 0\nfrozen 0\n");
  dispatch();
  EXPECT_THAT(recorder_.take(), testing::Contains("empty /c1"));
}

TEST_F(TreeTest, TellsOfWritesToLimitsOnlyAndOfContainersOnly) {
  fake_.make("c1", {{"cpu.max", "max 100000\n"}, {"memory.events", "oom 0\n"}, {"cgroup.procs", ""}});
  fake_.make("slice", {{"cpu.max", "max 100000\n"}});
  sweep();
  recorder_.take();
  fake_.write("slice/cpu.max", "1000 100000\n");
  fake_.write("c1/cgroup.procs", "7\n");
  dispatch();
  EXPECT_THAT(recorder_.take(), IsEmpty());
  fake_.write("c1/cpu.max", "1000 100000\n");
  fake_.write("c1/memory.events", "oom 1\n");
  dispatch();
  EXPECT_THAT(recorder_.take(), testing::IsSupersetOf({"changed /c1", "changed /c1"}));
}

TEST_F(TreeTest, SweepsEvery30Seconds) {
  tree_.sweep(100 * kSecond, recorder_);
  EXPECT_EQ(tree_.next_sweep(), 130 * kSecond);
}

TEST_F(TreeTest, FindsEverythingAgainAfterTheQueueOverflowed) {
  std::ifstream limit("/proc/sys/fs/inotify/max_queued_events");
  int events = 0;
  limit >> events;
  if (events == 0 || events > 100'000) GTEST_SKIP() << "fs.inotify.max_queued_events is " << events;
  fake_.make("c-stays", {{"x", "."}, {"y", "."}});
  fake_.make("c-goes");
  sweep();
  recorder_.take();
  const base::Fd x(::open(fake_.path("c-stays/x").c_str(), O_WRONLY | O_CLOEXEC));
  const base::Fd y(::open(fake_.path("c-stays/y").c_str(), O_WRONLY | O_CLOEXEC));
  for (int i = 0; i <= events; ++i) {
    ASSERT_EQ(::pwrite(i % 2 == 0 ? x.get() : y.get(), ".", 1, 0), 1);  // by turns: equal neighbours are merged
  }
  fake_.remove("c-goes");
  fake_.make("c-comes");
  for (int i = 0; i < 100; ++i) dispatch();
  EXPECT_EQ(tree_.counts().overflows, 1);
  EXPECT_EQ(tree_.counts().found_by_sweep, 2);
  EXPECT_THAT(recorder_.take(), UnorderedElementsAre("-/c-goes", "+/c-comes"));
  fake_.remove("c-comes");
  dispatch();
  EXPECT_THAT(recorder_.take(), ElementsAre("-/c-comes"));
}

TEST_F(TreeTest, LeavesOutWhatIsNestedTooDeepForAStack) {
  std::string path = "c";
  for (int i = 0; i < 200; ++i) path += "/c";
  fake_.make(path);
  sweep();
  EXPECT_EQ(tree_.counts().cgroups, 64);
}

TEST_F(TreeTest, LivesThroughTheLossOfItsRoot) {
  fake_.make("c1");
  sweep();
  recorder_.take();
  fake_.remove("");
  dispatch();
  sweep();
  EXPECT_THAT(recorder_.take(), ElementsAre("-/c1"));
}

/// Runs `body` in a process whose user may have only so many of an inotify resource, by a user namespace of its own.
/// Exit code 0 = body returned true, 77 = such a limit cannot be set here.
int with_inotify_limit(const char* name, int limit, bool (*body)(const std::string& root), const std::string& root) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::unshare(CLONE_NEWUSER) != 0) ::_exit(77);
    std::ofstream file(std::string("/proc/sys/user/") + name);
    file << limit << std::flush;
    if (!file) ::_exit(77);
    ::_exit(body(root) ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(TreeTest, SaysWhenWatchesRunOutAndSweepsOften) {
  for (int i = 0; i < 10; ++i) fake_.make("c" + std::to_string(i));
  const int code = with_inotify_limit(
      "max_inotify_watches", 5,
      [](const std::string& root) {
        Tree tree(root, named_c);
        Recorder recorder;
        tree.sweep(0, recorder);
        return recorder.take().size() == 10 && tree.counts().unwatched == 6 && tree.next_sweep() == 2 * kSecond &&
               tree.state() && tree.state()->cure.find("max_user_watches") != std::string::npos;
      },
      fake_.path());
  if (code == 77) GTEST_SKIP() << "no user namespace with an inotify limit of its own here";
  EXPECT_EQ(code, 0);
}

TEST_F(TreeTest, MendsItselfWhenWatchesAreToBeHadAgain) {
  for (int i = 0; i < 10; ++i) fake_.make("c" + std::to_string(i));
  const int code = with_inotify_limit(
      "max_inotify_watches", 5,
      [](const std::string& root) {
        Tree tree(root, named_c);
        Recorder recorder;
        tree.sweep(0, recorder);
        std::ofstream("/proc/sys/user/max_inotify_watches") << 100;
        tree.sweep(2 * kSecond, recorder);
        return tree.counts().unwatched == 0 && !tree.state() && tree.next_sweep() == 32 * kSecond;
      },
      fake_.path());
  if (code == 77) GTEST_SKIP() << "no user namespace with an inotify limit of its own here";
  EXPECT_EQ(code, 0);
}

TEST_F(TreeTest, WorksBySweepsAloneWithoutAnInotifyInstance) {
  fake_.make("c1");
  const int code = with_inotify_limit(
      "max_inotify_instances", 0,
      [](const std::string& root) {
        Tree tree(root, named_c);
        Recorder recorder;
        tree.sweep(0, recorder);
        tree.dispatch(1, recorder);
        return tree.fd() == -1 && recorder.take().size() == 1 && tree.next_sweep() == 2 * kSecond && tree.state() &&
               tree.state()->cure.find("max_user_instances") != std::string::npos;
      },
      fake_.path());
  if (code == 77) GTEST_SKIP() << "no user namespace with an inotify limit of its own here";
  EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace benchd::cgroup
