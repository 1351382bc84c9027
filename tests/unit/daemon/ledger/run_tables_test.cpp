#include "daemon/ledger/run_tables.h"

#include <algorithm>
#include <fstream>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/ledger/ledger.h"
#include "daemon/ledger/schema.h"
#include "support/sample_run.h"
#include "support/temporary_directory.h"

namespace benchd::ledger {
namespace {

using model::Campaign;
using model::RunRecord;
using test::sample_run;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class RunTablesTest : public testing::Test {
 protected:
  Ledger ledger() {
    auto ledger = Ledger::open(path_);
    EXPECT_TRUE(ledger.ok()) << ledger.error().message();
    return *std::move(ledger);
  }
  std::vector<RunRecord> runs(const RunFilter& filter = {}) {
    auto view = LedgerView::open(path_);
    EXPECT_TRUE(view.ok()) << view.error().message();
    auto runs = view->runs().runs(filter);
    EXPECT_TRUE(runs.ok()) << runs.error().message();
    return *std::move(runs);
  }
  std::optional<Campaign> campaign(const std::string& id) { return *LedgerView::open(path_)->runs().campaign(id); }

  TemporaryDirectory directory_;
  const std::string path_ = directory_.path() + "/storage/ledger.db";
};

RunRecord run_of(const std::string& id, const std::string& campaign, const std::string& variant, int64_t at) {
  RunRecord run;
  run.id = id;
  run.campaign = campaign;
  run.experiment = "builds";
  run.variant = variant;
  run.started_at = at;
  return run;
}

Campaign campaign_of(const std::string& id, int64_t at) {
  return {.id = id,
          .experiment = "builds",
          .definition = R"({"measure":"duration"})",
          .hash = "abc",
          .host = "bench1",
          .seed = UINT64_MAX,
          .planned_blocks = 20,
          .started_at = at,
          .finished_at = {},
          .looks = 0};
}

TEST_F(RunTablesTest, ARunIsThereAsItWasPut) {
  const RunRecord full = sample_run();
  RunRecord bare = run_of("bare", "", "official", 1);
  ASSERT_TRUE(*ledger().put(full));
  ASSERT_TRUE(*ledger().put(bare));
  EXPECT_THAT(runs(), ElementsAre(bare, full));
}

TEST_F(RunTablesTest, TheSameRunPutTwiceIsOneRow) {
  const RunRecord run = sample_run();
  RunRecord shuffled = run;
  std::reverse(shuffled.tasks.begin(), shuffled.tasks.end());
  auto its = ledger();
  EXPECT_TRUE(*its.put(run));
  EXPECT_FALSE(*its.put(run));
  EXPECT_FALSE(*its.put(shuffled));
  EXPECT_THAT(runs(), ElementsAre(run));
}

TEST_F(RunTablesTest, AnotherRunUnderTheSameIdIsRefusedAndTheFirstStays) {
  const RunRecord run = sample_run();
  RunRecord other = run;
  ++other.tasks.at(1).durations.at(0).second;
  auto its = ledger();
  ASSERT_TRUE(its.put(run).ok());
  const auto refused = its.put(other);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, EEXIST);
  EXPECT_THAT(refused.error().message(), HasSubstr("with another tasks"));
  EXPECT_THAT(runs(), ElementsAre(run));
}

TEST_F(RunTablesTest, AChangeOfSeveralRunsIsAllOrNothing) {
  auto its = ledger();
  const auto done = its.change_runs([](RunTables& tables) -> base::Result<base::Done> {
    EXPECT_TRUE(tables.put(run_of("1", "", "a", 1)).ok());
    return base::Error{.attempt = "line 2"};
  });
  EXPECT_FALSE(done.ok());
  EXPECT_THAT(runs(), IsEmpty());
}

TEST_F(RunTablesTest, RunsAreSelectedByAllThatIsGivenAndComeInTheOrderOfTheirStarts) {
  auto its = ledger();
  for (const RunRecord& run :
       {run_of("3", "c2", "a", 30), run_of("1", "c1", "a", 10), run_of("2", "c1", "b", 20), run_of("0", "", "a", 5)})
    ASSERT_TRUE(its.put(run).ok());
  const auto ids = [&](const RunFilter& filter) {
    std::string ids;
    for (const RunRecord& run : runs(filter)) ids += run.id;
    return ids;
  };
  RunFilter filter;
  EXPECT_EQ(ids(filter), "0123");
  filter.campaign = "c1";
  EXPECT_EQ(ids(filter), "12");
  filter.variant = "a";
  EXPECT_EQ(ids(filter), "1");
  filter = {};
  filter.campaign = "";
  EXPECT_EQ(ids(filter), "0");
  filter = {};
  filter.started_before = 20;
  EXPECT_EQ(ids(filter), "01");
  filter.experiment = "other' OR 1 --";
  EXPECT_EQ(ids(filter), "");
}

TEST_F(RunTablesTest, TheLatestCampaignIsTheOneThatBeganLast) {
  auto its = ledger();
  EXPECT_FALSE(its.runs().latest_campaign("builds")->has_value());
  ASSERT_TRUE(*its.put(campaign_of("z-first", 1)));
  ASSERT_TRUE(*its.put(campaign_of("a-second", 2)));
  EXPECT_FALSE(*its.put(campaign_of("a-second", 2)));
  EXPECT_FALSE(its.put(campaign_of("a-second", 3)).ok());
  EXPECT_EQ((*its.runs().latest_campaign("builds"))->id, "a-second");
  EXPECT_FALSE(its.runs().latest_campaign("other")->has_value());
  EXPECT_EQ(campaign("z-first"), campaign_of("z-first", 1));
}

TEST_F(RunTablesTest, LooksAreCountedWhileTheCampaignGoesOnAndOnceForItsEnd) {
  auto its = ledger();
  ASSERT_TRUE(its.put(campaign_of("c", 1)).ok());
  EXPECT_EQ(*its.record_look("c"), 1U);
  EXPECT_EQ(*its.record_look("c"), 2U);
  ASSERT_TRUE(its.finish("c", 99).ok());
  ASSERT_TRUE(its.finish("c", 100).ok());
  EXPECT_FALSE(its.record_look("c").ok());
  EXPECT_EQ(campaign("c")->looks, 3U);
  EXPECT_EQ(campaign("c")->finished_at, 99);
  EXPECT_EQ(its.record_look("d").error().code, ENOENT);
  EXPECT_EQ(its.finish("d", 1).error().code, ENOENT);
}

TEST_F(RunTablesTest, PruningTakesTasksAndEmptyCampaignsAlong) {
  auto its = ledger();
  RunRecord old = sample_run();
  old.campaign = "c1";
  old.experiment = "builds";
  old.started_at = 1;
  ASSERT_TRUE(its.put(campaign_of("c1", 1)).ok());
  ASSERT_TRUE(its.put(campaign_of("c2", 2)).ok());
  ASSERT_TRUE(its.put(old).ok());
  ASSERT_TRUE(its.put(run_of("2", "c2", "a", 20)).ok());
  RunFilter filter;
  filter.started_before = 10;
  EXPECT_EQ(*its.remove(filter), 1U);
  EXPECT_EQ(runs().size(), 1U);
  EXPECT_FALSE(campaign("c1").has_value());
  EXPECT_TRUE(campaign("c2").has_value());
  EXPECT_TRUE(*its.put(old)) << "and may come again, tasks and all";
}

TEST_F(RunTablesTest, APartOfACampaignPrunedLeavesTheCampaign) {
  auto its = ledger();
  ASSERT_TRUE(its.put(campaign_of("c1", 1)).ok());
  ASSERT_TRUE(its.put(run_of("1", "c1", "a", 1)).ok());
  RunFilter filter;
  filter.variant = "a";
  EXPECT_EQ(*its.remove(filter), 1U);
  EXPECT_TRUE(campaign("c1").has_value());
}

TEST_F(RunTablesTest, AViewReadsBesideTheWriterAndSeesWhatItCommits) {
  auto its = ledger();
  auto view = LedgerView::open(path_);
  ASSERT_TRUE(view.ok()) << view.error().message();
  EXPECT_EQ(*view->runs().count_runs({}), 0U);
  ASSERT_TRUE(its.put(sample_run()).ok());
  EXPECT_EQ(*view->runs().count_runs({}), 1U);
}

TEST_F(RunTablesTest, AViewWritesNothing) {
  ASSERT_TRUE(ledger().put(sample_run()).ok());
  Database database = *Database::open_read_only(path_);
  EXPECT_EQ(database.execute("DELETE FROM run").error().code, EROFS);
}

TEST_F(RunTablesTest, WhoMayOnlyReadReadsALedgerInUseAndOneThatNobodyHasOpen) {
  const auto its_count = [&] {
    // Root may write everywhere.
    const uid_t user = ::geteuid();
    if (user == 0) {
      EXPECT_EQ(::seteuid(65534), 0);
    }
    EXPECT_NE(::faccessat(AT_FDCWD, (directory_.path() + "/storage").c_str(), W_OK, AT_EACCESS), 0);
    auto view = LedgerView::open(path_);
    EXPECT_TRUE(view.ok()) << (view.ok() ? "" : view.error().message());
    const auto count = view.ok() ? view->runs().count_runs({}) : base::Result<uint64_t>(0);
    EXPECT_EQ(::seteuid(user), 0);
    return count.ok() ? *count : 0;
  };
  {
    auto its = ledger();
    ASSERT_TRUE(its.put(sample_run()).ok());
    ASSERT_EQ(::chmod(directory_.path().c_str(), 0755), 0);
    ASSERT_EQ(::chmod((directory_.path() + "/storage").c_str(), 0555), 0);
    for (const char* end : {"", "-wal", "-shm"}) ASSERT_EQ(::chmod((path_ + end).c_str(), 0644), 0);
    EXPECT_EQ(its_count(), 1U);
    ASSERT_EQ(::chmod((directory_.path() + "/storage").c_str(), 0755), 0);
  }
  ASSERT_EQ(::chmod((directory_.path() + "/storage").c_str(), 0555), 0);
  ASSERT_NE(::access((path_ + "-wal").c_str(), F_OK), 0);
  EXPECT_EQ(its_count(), 1U);
  ASSERT_EQ(::chmod((directory_.path() + "/storage").c_str(), 0755), 0);
}

TEST_F(RunTablesTest, PathsMayHoldWhatAUriGivesAMeaningTo) {
  const std::string path = directory_.path() + "/50% off?#1.db";
  { ASSERT_TRUE(Ledger::open(path)->put(sample_run()).ok()); }
  EXPECT_EQ(*LedgerView::open(path)->runs().count_runs({}), 1U);
}

TEST_F(RunTablesTest, ALedgerWithoutRunTablesHasNoRuns) {
  const std::string path = directory_.path() + "/old.db";
  Database database = *Database::open(path);
  ASSERT_TRUE(migrate(database, 3).ok());
  auto view = LedgerView::open(path);
  ASSERT_TRUE(view.ok()) << view.error().message();
  EXPECT_EQ(*view->runs().count_runs({}), 0U);
  EXPECT_THAT(*view->runs().campaigns(), IsEmpty());
}

TEST_F(RunTablesTest, AViewOfNoLedgerSaysSo) {
  EXPECT_EQ(LedgerView::open(path_).error().code, ENOENT);
  const std::string text = directory_.path() + "/text";
  std::ofstream(text)
      << "no database, but a text that is longer than its header would be, at least a hundred bytes of it";
  const auto view = LedgerView::open(text);
  ASSERT_FALSE(view.ok());
  EXPECT_THAT(view.error().message(), HasSubstr("not a database"));
}

TEST_F(RunTablesTest, OpenRunsAreThereForTheNextProcessWhateverItsBoot) {
  const OpenRun going{.id = "boot/1/1", .cgroup_id = 1, .base = "{}", .ended = ""};
  const OpenRun over{.id = "boot/2/1", .cgroup_id = 2, .base = "{}", .ended = "{1}"};
  const RunRecord run = sample_run();
  {
    auto its = ledger();
    ASSERT_TRUE(its.load("boot", 0).ok());
    ASSERT_TRUE(its.commit({.at = 1, .tasks = {}, .runs = {&run}, .open_runs = {&going, &over}}).ok());
  }
  auto its = ledger();
  EXPECT_THAT(its.load("another", 0)->open_runs, ElementsAre(going, over));
  ASSERT_TRUE(its.commit({.at = 2, .tasks = {}, .open_runs_gone = {"boot/1/1"}}).ok());
  EXPECT_THAT(its.load("another", 0)->open_runs, ElementsAre(over));
  EXPECT_THAT(runs(), ElementsAre(run));
}

}  // namespace
}  // namespace benchd::ledger
