#include "collectors/runtimes/book.h"

#include <map>
#include <set>

#include <gtest/gtest.h>

namespace benchd::runtimes {
namespace {

using What = EngineEvent::What;

constexpr int64_t kMs = 1'000'000;
/// An arbitrary Unix time, in nanoseconds; a test's times are milliseconds after it.
constexpr int64_t kStart = 1'795'306'534'000'000'000;

class BookTest : public testing::Test {
 protected:
  static int64_t at(int64_t ms) { return kStart + ms * kMs; }

  void event(What what, int64_t ms, std::optional<int> exit_code = {}, const std::string& id = "web-id") {
    book_.apply(
        EngineEvent{.what = what, .id = id, .wall_ns = at(ms), .name = "web", .image = "box", .exit_code = exit_code},
        at(ms));
  }
  void want(uint64_t cgroup, int64_t ms, const std::string& id = "web-id") {
    book_.want(cgroup, {model::Runtime::Docker, id, {}}, at(ms));
  }
  Inspected running(int64_t started_ms) {
    Inspected it{.running = true};
    it.metadata.name = "web";
    it.metadata.started = static_cast<double>(at(started_ms)) / 1e9;
    it.metadata.init_pid = 42;
    return it;
  }

  std::map<uint64_t, std::shared_ptr<const model::Metadata>> got_;
  int deliveries_ = 0;
  Book book_{{.keep_unasked_ns = at(1000) - at(0), .max_unasked = 3}, [this](uint64_t cgroup, auto metadata) {
               ++deliveries_;
               got_[cgroup] = std::move(metadata);
             }};
};

TEST_F(BookTest, TellsWhatWasHeardBeforeTheCgroupWasSeen) {
  event(What::Create, 0);
  event(What::Start, 5);
  want(1, 6);
  ASSERT_NE(got_[1], nullptr);
  EXPECT_EQ(got_[1]->name, "web");
  EXPECT_EQ(got_[1]->image, "box");
  EXPECT_TRUE(book_.needs_detail("web-id"));
}

TEST_F(BookTest, TellsTheExitCodeThatComesAfterTheCgroupIsGone) {
  want(1, 0);
  EXPECT_EQ(got_.count(1), 0U) << "nothing is known yet";
  EXPECT_TRUE(book_.needs_detail("web-id"));
  event(What::Start, 5);
  event(What::Die, 55, 7);
  event(What::Remove, 60);
  EXPECT_EQ(got_[1]->exit_code, 7);
  EXPECT_NEAR(got_[1]->finished.value(), static_cast<double>(at(55)) / 1e9, 1e-6);
  EXPECT_FALSE(book_.needs_detail("web-id")) << "a removed container cannot be inspected";
}

TEST_F(BookTest, GivesEachRunItsOwnEnd) {
  want(1, 0);
  event(What::Start, 5);
  event(What::Die, 100, 137);
  want(2, 110);  // the runtime makes the cgroup before it tells of the start
  EXPECT_EQ(got_[2]->name, "web");
  EXPECT_EQ(got_[2]->exit_code, std::nullopt) << "the last run's end is not this one's";
  EXPECT_EQ(got_[1]->exit_code, 137);
  event(What::Start, 120);
  EXPECT_EQ(got_[2]->exit_code, std::nullopt);
  event(What::Die, 200, 0);
  EXPECT_EQ(got_[1]->exit_code, 137) << "a finished container keeps its own end";
  EXPECT_EQ(got_[2]->exit_code, 0);
}

TEST_F(BookTest, LetsAnInspectFindTheNextRunWhenNoEventTells) {
  want(1, 0);
  event(What::Start, 5);
  event(What::Die, 100, 3);
  want(2, 110);
  EXPECT_TRUE(book_.needs_detail("web-id"));
  book_.apply("web-id", book_.run_of("web-id"), running(115), at(150));
  EXPECT_EQ(got_[2]->init_pid, 42);
  EXPECT_EQ(got_[2]->exit_code, std::nullopt);
  EXPECT_EQ(got_[1]->exit_code, 3);
}

TEST_F(BookTest, TellsRunsApartWhenTheEndIsToldLate) {
  want(1, 0);
  event(What::Start, 5);
  book_.apply("web-id", book_.run_of("web-id"), running(5), at(6));
  want(2, 110);  // podman tells of the end at 100 only later
  EXPECT_EQ(got_[2]->name, "web");
  EXPECT_EQ(got_[2]->init_pid, std::nullopt) << "the process is the last run's";
  event(What::Die, 100, 3);
  EXPECT_EQ(got_[1]->exit_code, 3);
  EXPECT_EQ(got_[2]->exit_code, std::nullopt);
  event(What::Start, 120);
  book_.apply("web-id", book_.run_of("web-id"), running(119), at(130));
  EXPECT_EQ(got_[2]->init_pid, 42);
  EXPECT_EQ(got_[1]->exit_code, 3);
}

TEST_F(BookTest, GivesALateEndToTheRunThatAnInspectFoundOver) {
  want(1, 0);
  book_.apply("web-id", 0, running(5), at(6));
  want(2, 110);
  book_.apply("web-id", 0, running(115), at(120));
  event(What::Die, 100, 3);
  event(What::Start, 116);
  EXPECT_EQ(got_[1]->exit_code, 3);
  EXPECT_EQ(got_[2]->exit_code, std::nullopt);
  EXPECT_EQ(got_[2]->init_pid, 42);
}

TEST_F(BookTest, TellsRunsApartWhenNoEventComes) {
  want(1, 0);
  book_.apply("web-id", 0, running(5), at(6));
  want(2, 110);
  EXPECT_TRUE(book_.needs_detail("web-id"));
  book_.apply("web-id", 0, running(5), at(112));
  EXPECT_EQ(got_[2]->init_pid, std::nullopt) << "still the answer about the last run";
  EXPECT_TRUE(book_.needs_detail("web-id"));
  book_.apply("web-id", 0, running(115), at(120));
  EXPECT_EQ(got_[2]->init_pid, 42);
  EXPECT_FALSE(book_.needs_detail("web-id"));
}

TEST_F(BookTest, DropsAnAnswerFromAnEarlierRun) {
  want(1, 0);
  event(What::Start, 5);
  const uint64_t run = book_.run_of("web-id");
  event(What::Die, 100, 3);
  want(2, 110);
  event(What::Start, 120);
  book_.apply("web-id", run, running(5), at(130));
  EXPECT_EQ(got_[2]->init_pid, std::nullopt);
  EXPECT_TRUE(book_.needs_detail("web-id"));
}

TEST_F(BookTest, DoesNotLetALateAnswerReviveWhatEnded) {
  want(1, 0);
  event(What::Start, 5);
  const uint64_t run = book_.run_of("web-id");
  event(What::Die, 100, 3);
  book_.apply("web-id", run, running(4), at(101));
  EXPECT_EQ(got_[1]->exit_code, 3);
  EXPECT_EQ(got_[1]->init_pid, std::nullopt);
  EXPECT_FALSE(book_.needs_detail("web-id"));
}

TEST_F(BookTest, AsksUntilTheContainerRuns) {
  want(1, 0);
  event(What::Create, 1);
  Inspected created;
  created.metadata.name = "web";
  book_.apply("web-id", 0, created, at(2));
  EXPECT_TRUE(book_.needs_detail("web-id"));
  book_.apply("web-id", 0, running(3), at(4));
  EXPECT_FALSE(book_.needs_detail("web-id"));
  event(What::Start, 5);
  EXPECT_TRUE(book_.needs_detail("web-id")) << "one inspect per start";
}

TEST_F(BookTest, GivesTheEndToACgroupThatWasSeenTooLateOnceItIsRemoved) {
  event(What::Start, 5);
  event(What::Die, 6, 2);
  want(1, 50);
  EXPECT_EQ(got_[1]->exit_code, std::nullopt) << "it may be the next run's";
  event(What::Remove, 60);
  EXPECT_EQ(got_[1]->exit_code, 2);
}

TEST_F(BookTest, GivesTheEndToACgroupThatWasSeenTooLateOnceTheEngineSaysSo) {
  event(What::Start, 5);
  event(What::Die, 6, 2);
  want(1, 50);
  Inspected ended{.finished = true};
  ended.metadata.started = static_cast<double>(at(4)) / 1e9;
  ended.metadata.exit_code = 2;
  book_.apply("web-id", 0, ended, at(100));
  EXPECT_EQ(got_[1]->exit_code, std::nullopt) << "so it says between two runs, too";
  EXPECT_TRUE(book_.needs_detail("web-id"));
  book_.apply("web-id", 0, ended, at(10'000));
  EXPECT_EQ(got_[1]->exit_code, 2);
  EXPECT_FALSE(book_.needs_detail("web-id"));
}

TEST_F(BookTest, StopsAskingForWhatTheEngineForgot) {
  want(1, 0);
  book_.mark_removed("web-id");
  EXPECT_TRUE(book_.needs_detail("web-id")) << "the engine may be about to make it";
  event(What::Create, 1);
  EXPECT_TRUE(book_.needs_detail("web-id"));
  book_.mark_removed("web-id");
  EXPECT_FALSE(book_.needs_detail("web-id"));
  event(What::Start, 5);
  EXPECT_TRUE(book_.needs_detail("web-id"));
}

TEST_F(BookTest, IgnoresTheReplayedEndOfAnEarlierRun) {
  want(1, 5000);
  book_.apply("web-id", 0, running(5001), at(5002));
  event(What::Die, 100, 3);
  EXPECT_EQ(got_[1]->exit_code, std::nullopt);
}

TEST_F(BookTest, TakesARunningContainerInTheListForANewRun) {
  want(1, 0);
  event(What::Start, 5);
  event(What::Die, 100, 3);
  want(2, 110);
  book_.apply(ListedContainer{.id = "web-id", .name = "web"}, at(200));
  EXPECT_EQ(got_[2]->exit_code, std::nullopt);
  EXPECT_EQ(got_[1]->exit_code, 3);
  EXPECT_EQ(book_.asked_and_alive(), std::vector<std::string>{"web-id"});
}

TEST_F(BookTest, KnowsWhichRuntimesContainersHaveNoName) {
  const std::set<model::Runtime> docker = {model::Runtime::Docker};
  event(What::Start, 1, {}, "unasked");
  EXPECT_TRUE(book_.nameless().empty());
  want(1, 0);
  want(2, 0);
  want(3, 0, "other-id");
  EXPECT_EQ(book_.nameless(), docker);
  event(What::Start, 5);
  EXPECT_EQ(book_.nameless(), docker) << "the other one";
  book_.forget(3, at(6));
  EXPECT_TRUE(book_.nameless().empty());
  want(4, 7, "other-id");
  want(5, 8, "other-id");
  book_.forget(4, at(9));
  EXPECT_EQ(book_.nameless(), docker) << "one still asks";
  book_.apply("other-id", book_.run_of("other-id"), running(8), at(10));
  EXPECT_TRUE(book_.nameless().empty());
  book_.forget(5, at(11));
  book_.forget(1, at(11));
  book_.forget(2, at(11));
  EXPECT_TRUE(book_.nameless().empty());
  want(6, 12);
  EXPECT_TRUE(book_.nameless().empty()) << "heard of before";
}

TEST_F(BookTest, KeepsOomRenameAndHealth) {
  want(1, 0);
  event(What::Start, 5);
  event(What::Oom, 50);
  book_.apply(EngineEvent{.what = What::Rename, .id = "web-id", .wall_ns = at(60), .name = "web2"}, at(60));
  book_.apply(
      EngineEvent{.what = What::Health, .id = "web-id", .wall_ns = at(61), .name = "web2", .health = "unhealthy"},
      at(61));
  EXPECT_EQ(got_[1]->oom_killed, true);
  EXPECT_EQ(got_[1]->name, "web2");
  EXPECT_EQ(got_[1]->image, "box") << "an event without an image takes none away";
  EXPECT_EQ(got_[1]->health, "unhealthy");
}

TEST_F(BookTest, DeliversOnlyWhatChanged) {
  want(1, 0);
  event(What::Start, 5);
  const int before = deliveries_;
  event(What::Other, 6);
  event(What::Other, 7);
  EXPECT_EQ(deliveries_, before);
}

TEST_F(BookTest, ForgetsWhoForgot) {
  want(1, 0);
  book_.forget(1, at(1));
  event(What::Start, 5);
  EXPECT_EQ(got_.count(1), 0U);
  book_.forget(1, at(6));
  book_.forget(99, at(6));
  EXPECT_EQ(book_.asked("web-id"), nullptr);
}

TEST_F(BookTest, BoundsWhatNobodyAskedForAndCountsTheLoss) {
  for (int i = 0; i < 5; ++i) event(What::Start, i, {}, "id" + std::to_string(i));
  EXPECT_EQ(book_.size(), 3U);
  EXPECT_EQ(book_.dropped(), 2U);
  want(1, 10, "id4");
  EXPECT_EQ(got_.count(1), 1U) << "the newest are kept";
  want(2, 10, "id0");
  EXPECT_EQ(got_.count(2), 0U);
  EXPECT_EQ(book_.size(), 4U) << "what is asked for does not count";
}

TEST_F(BookTest, KeepsNothingOfWhatIsRemovedAndLetGo) {
  const auto live = [&](uint64_t cgroup, const std::string& id) {
    event(What::Start, 0, {}, id);
    want(cgroup, 1, id);
    event(What::Die, 5, 0, id);
  };
  live(1, "removed-first");
  event(What::Remove, 6, {}, "removed-first");
  EXPECT_EQ(book_.size(), 1U) << "somebody has it still";
  book_.forget(1, at(7));
  EXPECT_EQ(book_.size(), 0U);
  live(2, "let-go-first");
  book_.forget(2, at(6));
  EXPECT_EQ(book_.size(), 1U) << "it may be started again";
  event(What::Remove, 7, {}, "let-go-first");
  EXPECT_EQ(book_.size(), 0U);
  event(What::Start, 8, {}, "not-seen-yet");
  event(What::Die, 9, 0, "not-seen-yet");
  event(What::Remove, 10, {}, "not-seen-yet");
  want(3, 11, "not-seen-yet");
  EXPECT_TRUE(got_[3]) << "nobody had asked for it before it was removed";
}

TEST_F(BookTest, LetsTheUnaskedExpire) {
  event(What::Start, 0, {}, "a");
  want(1, 0, "b");
  event(What::Start, 1, {}, "b");
  book_.forget(1, at(500));
  book_.expire(at(1400));
  EXPECT_FALSE(book_.has_name("a"));
  EXPECT_TRUE(book_.has_name("b")) << "it was asked for until 500 ms";
  book_.expire(at(1501));
  EXPECT_EQ(book_.size(), 0U);
  EXPECT_EQ(book_.dropped(), 0U);
}

TEST_F(BookTest, LosesNothingAfterARestartThatNobodyWatches) {
  want(1, 0);
  event(What::Start, 5);
  event(What::Die, 10, 1);
  event(What::Start, 20);  // its cgroup is not seen: nobody asks for this run
  book_.forget(1, at(30));
  book_.expire(at(5000));
  EXPECT_EQ(book_.size(), 0U);
}

}  // namespace
}  // namespace benchd::runtimes
