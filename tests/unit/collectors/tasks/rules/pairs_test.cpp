#include "collectors/tasks/rules/pairs.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "recorder.h"

namespace benchd::rules {
namespace {

using testing::ElementsAre;
using testing::Eq;
using testing::Field;
using testing::IsEmpty;
using testing::Optional;
using testing::SizeIs;

constexpr int64_t kS = 1'000'000'000;

class PairsTest : public testing::Test {
 protected:
  void start(std::string_view id, std::optional<int64_t> at, uint32_t rule = 0) {
    pairs.take({.rule = rule, .start = true, .id = id, .kind = "k", .at = at}, found);
  }
  void end(std::string_view id, std::optional<int64_t> at, uint32_t rule = 0) {
    pairs.take({.rule = rule, .start = false, .id = id, .outcome = "ok", .at = at}, found);
  }

  std::vector<Rule> rules = {{.name = "a", .expire = 10 * kS}, {.name = "b", .expire = 10 * kS}};
  Pairs pairs{rules, 4};
  Recorder found;
};

TEST_F(PairsTest, AStartAndItsEndAreATask) {
  start("7", 1 * kS);
  EXPECT_THAT(found.tasks, IsEmpty());
  end("7", 3 * kS);
  ASSERT_THAT(found.tasks, SizeIs(1));
  EXPECT_THAT(found.tasks[0].report.duration, Optional(2 * kS));
  EXPECT_THAT(found.tasks[0].report.started, Optional(1 * kS));
  EXPECT_THAT(found.tasks[0].report.ended, Optional(3 * kS));
  EXPECT_EQ(found.tasks[0].kind, "k");
  EXPECT_EQ(found.tasks[0].outcome, "ok");
  EXPECT_EQ(pairs.open(), 0U);
  EXPECT_EQ(pairs.take_unpaired(), 0U);
}

TEST_F(PairsTest, LinesOutOfOrderPairToo) {
  end("7", 3 * kS);
  EXPECT_THAT(found.tasks, IsEmpty());
  start("7", 1 * kS);
  ASSERT_THAT(found.tasks, SizeIs(1));
  EXPECT_THAT(found.tasks[0].report.duration, Optional(2 * kS));
  EXPECT_EQ(found.tasks[0].outcome, "ok");
  EXPECT_EQ(pairs.take_unpaired(), 0U);
}

TEST_F(PairsTest, IdsOfTwoRulesAreNotTheSame) {
  start("7", 1 * kS, 0);
  end("7", 2 * kS, 1);
  EXPECT_THAT(found.tasks, IsEmpty());
}

TEST_F(PairsTest, WhatWaitsTooLongByTheLogIsUnpaired) {
  start("7", 1 * kS);
  start("8", 11 * kS);
  EXPECT_EQ(pairs.take_unpaired(), 0U);
  start("9", 12 * kS);
  EXPECT_EQ(pairs.take_unpaired(), 1U);
  end("7", 12 * kS);  // waits for a start that is gone
  EXPECT_THAT(found.tasks, IsEmpty());
  EXPECT_EQ(pairs.open(), 3U);
}

TEST_F(PairsTest, AnIdThatStartsAgainLeavesTheFirstUnpaired) {
  start("7", 1 * kS);
  start("7", 5 * kS);
  end("7", 6 * kS);
  ASSERT_THAT(found.tasks, SizeIs(1));
  EXPECT_THAT(found.tasks[0].report.duration, Optional(1 * kS));
  EXPECT_EQ(pairs.take_unpaired(), 1U);
}

TEST_F(PairsTest, AnEndOfBeforeTheStartIsNotItsEnd) {
  start("7", 5 * kS);
  end("7", 4 * kS);
  EXPECT_THAT(found.tasks, IsEmpty());
  EXPECT_EQ(pairs.take_unpaired(), 1U);
  end("7", 6 * kS);
  EXPECT_THAT(found.tasks, SizeIs(1));
}

TEST_F(PairsTest, TheTableIsBoundedAndTheOldestGoes) {
  for (int i = 0; i < 100; ++i) start("id" + std::to_string(i), kS + i);
  EXPECT_EQ(pairs.open(), 4U);
  EXPECT_EQ(pairs.take_unpaired(), 96U);
  end("id99", 2 * kS);
  EXPECT_THAT(found.tasks, SizeIs(1));
}

TEST_F(PairsTest, WithoutTimesATaskHasNoDuration) {
  start("7", std::nullopt);
  end("7", std::nullopt);
  ASSERT_THAT(found.tasks, SizeIs(1));
  EXPECT_THAT(found.tasks[0].report.duration, Eq(std::nullopt));
}

TEST_F(PairsTest, TheEndOfTheLogLeavesWhatIsOpenUnpaired) {
  start("7", 1 * kS);
  end("8", 1 * kS);
  pairs.take_changes();
  pairs.close();
  EXPECT_EQ(pairs.take_unpaired(), 2U);
  EXPECT_THAT(pairs.take_changes().closed, SizeIs(2));
}

TEST_F(PairsTest, ChangesAreWhatTheLedgerMustKnow) {
  start("7", 1 * kS);
  start("8", 1 * kS);
  end("8", 2 * kS);
  PairChanges changes = pairs.take_changes();
  EXPECT_THAT(changes.opened, ElementsAre(Field(&model::OpenPair::id, "7")));
  EXPECT_THAT(changes.closed, IsEmpty());
  EXPECT_THAT(pairs.take_changes().opened, IsEmpty());
  end("7", 2 * kS);
  changes = pairs.take_changes();
  EXPECT_THAT(changes.opened, IsEmpty());
  EXPECT_THAT(changes.closed, ElementsAre(Field(&model::OpenPair::id, "7")));
}

TEST_F(PairsTest, AnIdThatClosedAndOpenedAgainIsOnlyOpened) {
  start("7", 1 * kS);
  pairs.take_changes();
  end("7", 2 * kS);
  start("7", 3 * kS);
  const PairChanges changes = pairs.take_changes();
  EXPECT_THAT(changes.closed, IsEmpty());
  EXPECT_THAT(changes.opened, ElementsAre(Field(&model::OpenPair::at, Optional(3 * kS))));
}

TEST_F(PairsTest, AfterARestartTheEndFindsItsStart) {
  start("7", 1 * kS, 1);
  start("8", 1 * kS, 0);
  const PairChanges changes = pairs.take_changes();
  // Rule a is gone, rule b has another index.
  std::vector<Rule> later = {{.name = "b", .expire = 10 * kS}};
  Pairs after(later);
  after.restore(changes.opened);
  EXPECT_EQ(after.take_unpaired(), 1U);
  EXPECT_THAT(after.take_changes().closed, ElementsAre(Field(&model::OpenPair::id, "8")));
  after.take({.rule = 0, .start = false, .id = "7", .at = 2 * kS}, found);
  ASSERT_THAT(found.tasks, SizeIs(1));
  EXPECT_EQ(found.tasks[0].kind, "k");
  EXPECT_THAT(after.take_changes().closed, ElementsAre(Field(&model::OpenPair::id, "7")));
}

}  // namespace
}  // namespace benchd::rules
