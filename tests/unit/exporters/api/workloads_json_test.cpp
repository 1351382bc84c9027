#include "exporters/api/workloads_json.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/sample_snapshot.h"

namespace benchd::api {
namespace {

using nlohmann::json;

TEST(WorkloadsJson, HasEveryTotalExactly) {
  model::Snapshot snapshot = test::full_snapshot(0);
  snapshot.workloads[1].totals.cpu_usec = UINT64_MAX;
  const json document = json::parse(workloads_json(snapshot));
  EXPECT_EQ(document["boot_id"], snapshot.boot_id);
  ASSERT_EQ(document["workloads"].size(), 2U);
  const model::WorkloadTotals& totals = snapshot.workloads[1].totals;
  EXPECT_EQ(
      document["workloads"][1],
      (json{{"workload", "builds/lto"},
            {"experiment", "builds"},
            {"variant", "lto"},
            {"runs", totals.runs},
            {"failures", totals.failures},
            {"cpu_usec", UINT64_MAX},
            {"threads",
             {{"on_cpu_ns", totals.on_cpu_ns}, {"runnable_ns", totals.runnable_ns}, {"blocked_ns", totals.blocked_ns}}},
            {"io", {{"read_bytes", totals.io_read_bytes}, {"written_bytes", totals.io_written_bytes}}},
            {"unobserved_ns", totals.unobserved_ns}}));
}

TEST(WorkloadsJson, WhatIsNotCollectedOrNotLabelledIsAMissingKey) {
  model::Snapshot snapshot = test::full_snapshot(0);
  snapshot.workloads[0].has_threads = snapshot.workloads[0].has_io = false;
  const json workload = json::parse(workloads_json(snapshot))["workloads"][0];
  for (const char* key : {"experiment", "variant", "threads", "io"}) EXPECT_FALSE(workload.contains(key)) << key;
  EXPECT_EQ(workload["workload"], "bench/app");
}

TEST(WorkloadsJson, IsAnEmptyListWithoutALedger) {
  EXPECT_EQ(json::parse(workloads_json(model::Snapshot()))["workloads"], json::array());
}

TEST(WorkloadsJson, IsValidWhateverTheNames) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 50; ++round) {
    const model::Snapshot snapshot = test::random_snapshot(random, 0);
    EXPECT_TRUE(json::accept(workloads_json(snapshot)));
  }
}

}  // namespace
}  // namespace benchd::api
