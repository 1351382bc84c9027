#include "daemon/finished_campaigns.h"

#include <fstream>

#include <gmock/gmock.h>

#include "daemon/ledger/ledger.h"
#include "support/temporary_directory.h"

namespace benchd::daemon {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

class FinishedCampaignsTest : public testing::Test {
 protected:
  FinishedCampaignsTest() {
    auto opened = ledger::Ledger::open(path_);
    EXPECT_TRUE(opened.ok()) << opened.error().message();
    ledger_.emplace(*std::move(opened));
  }

  /// Eight blocks of both variants of each cell; the second one takes `ratio` times as long.
  void add(const std::string& id, const std::string& experiment, double ratio, int64_t at, bool finished,
           const std::string& definition = R"({"baseline":"a","variants":{"a":{},"b":{}}})") {
    const model::Campaign campaign{.id = id,
                                   .experiment = experiment,
                                   .definition = definition,
                                   .hash = id,
                                   .host = "bench1",
                                   .seed = 3,
                                   .planned_blocks = 8,
                                   .started_at = at,
                                   .finished_at = {},
                                   .looks = 0};
    ASSERT_TRUE(ledger_->put(campaign).ok());
    uint64_t order = 0;
    for (uint64_t block = 0; block < 8; ++block)
      for (const std::string variant : {"a", "b", "a -O", "b -O"}) {
        model::RunRecord run;
        run.id = id + '/' + std::to_string(block) + '/' + std::to_string(order);
        run.campaign = id;
        run.experiment = experiment;
        run.variant = variant;
        run.block = block;
        run.order = order++;
        run.started_at = at + static_cast<int64_t>(order);
        run.duration_ns = static_cast<int64_t>((variant[0] == 'b' ? ratio : 1) * 1e9) + static_cast<int64_t>(order);
        if (variant.size() > 1 && definition.find("cells") == std::string::npos) continue;
        ASSERT_TRUE(ledger_->put(run).ok());
      }
    if (finished) {
      ASSERT_TRUE(ledger_->finish(id, at + 1'000).ok());
    }
  }

  TemporaryDirectory directory_;
  const std::string path_ = directory_.path() + "/ledger.db";
  std::optional<ledger::Ledger> ledger_;
};

TEST_F(FinishedCampaignsTest, TheLatestFinishedOneOfEachExperimentIsJudged) {
  add("1", "builds", 2, 1'000, true);
  add("2", "builds", 0.5, 5'000, true);
  add("3", "builds", 1, 9'000, false);
  add("4", "other", 1, 3'000, true);
  const auto sets = finished_campaigns(path_);
  ASSERT_THAT(*sets, SizeIs(2));
  EXPECT_EQ(sets->at(0).experiment.name, "builds");
  EXPECT_EQ(sets->at(0).comparisons.at(0).verdict, model::Verdict::Faster) << "campaign 2: the first is old, the third "
                                                                              "goes on";
  EXPECT_EQ(sets->at(1).experiment.name, "other");
  EXPECT_EQ(sets->at(1).comparisons.at(0).verdict, model::Verdict::Equivalent);
}

TEST_F(FinishedCampaignsTest, EachCellOfAMatrixHasItsVerdict) {
  add("1", "builds", 2, 1'000, true,
      R"({"baseline":"a","variants":{"a":{},"b":{},"a -O":{},"b -O":{}},
          "cells":[{"name":"","baseline":"a","variants":["a","b"]},
                   {"name":"-O","baseline":"b -O","variants":["a -O","b -O"]}]})");
  const auto sets = finished_campaigns(path_);
  ASSERT_THAT(*sets, SizeIs(2));
  EXPECT_EQ(sets->at(0).experiment.name, "builds");
  EXPECT_EQ(sets->at(0).comparisons.at(0).verdict, model::Verdict::Slower);
  EXPECT_EQ(sets->at(1).experiment.name, "builds -O");
  EXPECT_EQ(sets->at(1).comparisons.at(0).verdict, model::Verdict::Faster);
  EXPECT_DOUBLE_EQ(sets->at(1).experiment.confidence, 0.975);
}

TEST_F(FinishedCampaignsTest, WhatCannotBeJudgedIsLeftOut) {
  add("1", "broken", 2, 1'000, true, R"({"variants":{}})");
  add("2", "builds", 2, 2'000, true);
  const auto sets = finished_campaigns(path_);
  ASSERT_THAT(*sets, SizeIs(1));
  EXPECT_EQ(sets->at(0).experiment.name, "builds");
  EXPECT_THAT(*finished_campaigns(directory_.path() + "/none.db"), SizeIs(0));
  std::ofstream(directory_.path() + "/text.db") << "this is no database, whatever its name says it is";
  EXPECT_THAT(*finished_campaigns(directory_.path() + "/text.db"), SizeIs(0));
}

TEST_F(FinishedCampaignsTest, OfMoreThanTwentyExperimentsTheLatestAreKept) {
  for (int i = 0; i < 22; ++i) add(std::to_string(i), "x" + std::to_string(i), 2, 1'000 * (i + 1), true);
  const auto sets = finished_campaigns(path_);
  ASSERT_THAT(*sets, SizeIs(20));
  EXPECT_EQ(sets->front().experiment.name, "x21");
  EXPECT_EQ(sets->back().experiment.name, "x2");
}

}  // namespace
}  // namespace benchd::daemon
