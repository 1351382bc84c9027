#include "daemon/ledger/schema.h"

#include <gmock/gmock.h>

#include "base/file.h"
#include "daemon/ledger/ledger.h"
#include "support/sample_run.h"
#include "support/temporary_directory.h"

namespace benchd::ledger {
namespace {

using testing::HasSubstr;

class SchemaTest : public testing::Test {
 protected:
  Database database() { return *Database::open(path_); }

  TemporaryDirectory directory_;
  const std::string path_ = directory_.path() + "/ledger.db";
};

TEST_F(SchemaTest, ANewFileGetsTheNewestVersion) {
  Database file = database();
  EXPECT_EQ(*usable_version(file), 0);
  ASSERT_TRUE(migrate(file).ok());
  EXPECT_EQ(*usable_version(file), schema_version());
  EXPECT_EQ(*file.integer("SELECT count(*) FROM sqlite_schema WHERE type = 'table'"), 12);
}

TEST_F(SchemaTest, MigratingASecondTimeChangesNothing) {
  Database file = database();
  ASSERT_TRUE(migrate(file).ok());
  const int64_t changes = *file.integer("PRAGMA schema_version");
  ASSERT_TRUE(migrate(file).ok());
  EXPECT_EQ(*file.integer("PRAGMA schema_version"), changes);
}

TEST_F(SchemaTest, ALedgerOfVersion1KeepsItsMarksAndHasNoEstimatesYet) {
  Database file = database();
  ASSERT_TRUE(migrate(file, 1).ok());
  ASSERT_TRUE(file.execute("INSERT INTO boot VALUES ('boot', 5);"
                           "INSERT INTO mark VALUES (1, NULL, 5, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, NULL, 0, 0, 0, 0)")
                  .ok());
  const model::Mark mark{.cgroup_id = 1, .at = 5, .threads = model::ThreadTimes{.on_cpu = 7}, .threads_estimated = {}};
  auto ledger = Ledger::open(path_);
  ASSERT_TRUE(ledger.ok()) << ledger.error().message();
  EXPECT_THAT(ledger->load("boot", 0)->marks, testing::ElementsAre(mark));
}

TEST_F(SchemaTest, ALedgerOfVersion3KeepsItsTasksAndHasNoRunsYet) {
  {
    Database file = database();
    ASSERT_TRUE(migrate(file, 3).ok());
    ASSERT_TRUE(file.execute("INSERT INTO boot VALUES ('boot', 5);"
                             "INSERT INTO task VALUES (1, 1, 'render', 'ok', 7, 7, 9, '', 0, 0, 0, 0, 0, 0, 0, 0, 0)")
                    .ok());
  }
  auto ledger = Ledger::open(path_);
  ASSERT_TRUE(ledger.ok()) << ledger.error().message();
  const auto contents = ledger->load("boot", 0);
  ASSERT_TRUE(contents.ok()) << contents.error().message();
  model::TaskFigures tasks{.key = {.task = "render", .outcome = "ok"}, .totals = {}};
  tasks.totals.tasks = 7;
  tasks.totals.timed = 7;
  tasks.totals.duration_ns = 9;
  tasks.totals.buckets = {0};
  ASSERT_EQ(contents->tasks.tasks.size(), 1U);
  EXPECT_EQ(contents->tasks.tasks.at(0).figures, tasks);
  EXPECT_EQ(*ledger->runs().count_runs({}), 0U);
}

TEST_F(SchemaTest, ALedgerOfVersion7KeepsItsRunsAndKnowsOfNoServices) {
  model::RunRecord run = test::sample_run();
  {
    auto ledger = Ledger::open(path_);
    ASSERT_TRUE(ledger.ok() && ledger->put(run).ok());
  }
  {
    Database file = *Database::open(path_);
    ASSERT_TRUE(file.execute("ALTER TABLE run DROP COLUMN services; PRAGMA user_version = 7").ok());
  }
  run.services.clear();
  EXPECT_THAT(*LedgerView::open(path_)->runs().runs({}), testing::ElementsAre(run)) << "who only reads changes nothing";
  EXPECT_THAT(*Ledger::open(path_)->runs().runs({}), testing::ElementsAre(run));
  EXPECT_EQ(*Database::open(path_)->integer("PRAGMA user_version"), schema_version());
}

TEST_F(SchemaTest, ALaterBenchdsLedgerIsRefusedAndNotAltered) {
  {
    Database file = database();
    ASSERT_TRUE(migrate(file).ok());
    ASSERT_TRUE(file.execute("PRAGMA user_version = 4711").ok());
  }
  const std::string before = *base::read_text(path_);
  const auto refused = Ledger::open(path_);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message(), HasSubstr("later benchd: its schema has version 4711"));
  EXPECT_EQ(*base::read_text(path_), before);
}

TEST_F(SchemaTest, AnotherProgramsDatabaseIsRefusedAndNotAltered) {
  ASSERT_TRUE(database().execute("CREATE TABLE cookies (name TEXT)").ok());
  const std::string before = *base::read_text(path_);
  const auto refused = Ledger::open(path_);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message(), HasSubstr("another program"));
  EXPECT_EQ(*base::read_text(path_), before);
}

TEST_F(SchemaTest, AMigrationThatFailsInTheMiddleLeavesTheVersionBefore) {
  Database file = database();
  ASSERT_TRUE(file.execute("PRAGMA max_page_count = 3").ok());  // the first table and its index fit, the rest does not
  const auto failed = migrate(file);
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().code, ENOSPC) << failed.error().message();
  EXPECT_EQ(*file.integer("PRAGMA user_version"), 0);
  EXPECT_EQ(*file.integer("SELECT count(*) FROM sqlite_schema"), 0);
  ASSERT_TRUE(file.execute("PRAGMA max_page_count = 1000").ok());
  EXPECT_TRUE(migrate(file).ok());
}

}  // namespace
}  // namespace benchd::ledger
