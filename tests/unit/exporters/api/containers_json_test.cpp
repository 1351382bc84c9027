#include "exporters/api/containers_json.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "support/sample_snapshot.h"

namespace benchd::api {
namespace {

using model::Field;
using nlohmann::json;

json parse(const model::Snapshot& snapshot) {
  return json::parse(containers_json(snapshot));
}

model::Snapshot bare() {
  model::Snapshot snapshot;
  snapshot.containers.emplace_back().container =
      std::make_shared<model::Container>(model::Container{.cgroup_id = 7, .path = "/a"});
  return snapshot;
}

TEST(ContainersJson, NoContainersAreAnEmptyList) {
  EXPECT_EQ(parse({})["containers"], json::array());
}

TEST(ContainersJson, WhatIsNotKnownIsAMissingKey) {
  const json it = parse(bare())["containers"][0];
  EXPECT_EQ(it["files"], json::object());
  for (const char* key :
       {"name", "image", "labels", "exit_code", "network", "finished", "read", "requested", "log", "cpus", "threads"})
    EXPECT_FALSE(it.contains(key)) << key;
}

TEST(ContainersJson, HasEveryFieldUnderTheKernelsNames) {
  const json files = parse(test::full_snapshot(1))["containers"][0]["files"];
  for (const model::FieldSpec& field : model::kFields) {
    const json& file = files.at(std::string(spec(field.file).name));
    if (!field.key.empty()) {
      EXPECT_TRUE(file.contains(std::string(field.key))) << field.key;
    }
  }
  EXPECT_EQ(files["cpuset.cpus.effective"], "0-3");
  EXPECT_TRUE(files["cpu.pressure"]["some"]["total"].is_number_unsigned());
  EXPECT_EQ(files["memory.max"], 2'147'483'648);
  EXPECT_EQ(files["io.stat"][0]["device"], "254:0");
  EXPECT_EQ(files["io.stat"][0]["name"], "vda");
  EXPECT_EQ(files["io.stat"][0]["dios"], 0);
}

TEST(ContainersJson, UnlimitedIsMaxAndNumbersAreExact) {
  model::Snapshot snapshot = bare();
  model::FieldValues& values = snapshot.containers[0].reading.values;
  values.set(Field::MemoryMax, model::kUnlimited);
  values.set(Field::CpuQuota, model::kUnlimited);
  values.set(Field::MemoryLow, 0);
  values.set(Field::CpuUsage, 9'007'199'254'740'993);
  values.set(Field::MemoryPgfault, std::numeric_limits<uint64_t>::max());
  const json files = parse(snapshot)["containers"][0]["files"];
  EXPECT_EQ(files["memory.max"], "max");
  EXPECT_EQ(files["cpu.max"]["quota"], "max");
  EXPECT_EQ(files["memory.low"], 0);
  EXPECT_EQ(files["cpu.stat"]["usage_usec"].get<uint64_t>(), 9'007'199'254'740'993);
  EXPECT_EQ(files["memory.stat"]["pgfault"].get<uint64_t>(), std::numeric_limits<uint64_t>::max());
}

TEST(ContainersJson, HasTheWholeMatrixOfCpusWhereMetricsDroppedIt) {
  model::Snapshot snapshot = bare();
  snapshot.cpu_series_dropped = 30'000;
  model::Reading& reading = snapshot.containers[0].reading;
  reading.cpus = {{0, 9'007'199'254'740'993}, {17, 0}};
  reading.cpu_unattributed = 1'001;
  reading.cpu_spread = {.effective_cpus = 1.5, .imbalance = 1.25};
  const json cpus = parse(snapshot)["containers"][0]["cpus"];
  EXPECT_EQ(cpus["ns"].size(), 2u);
  EXPECT_EQ(cpus["ns"]["0"].get<uint64_t>(), 9'007'199'254'740'993);
  EXPECT_EQ(cpus["ns"]["17"], 0);
  EXPECT_EQ(cpus["unattributed_ns"], 1'001);
  EXPECT_EQ(cpus["effective"], 1.5);
  EXPECT_EQ(cpus["imbalance"], 1.25);
}

TEST(ContainersJson, ThreadTimesHaveDiskWaitsOnlyWhereTheyAreKnown) {
  model::Snapshot snapshot = bare();
  auto& threads = snapshot.containers[0].reading.threads;
  threads = {.on_cpu = 1, .runnable = 2, .blocked = 3, .voluntary_switches = 4, .migrations = 6, .alive = 7};
  json shown = parse(snapshot)["containers"][0]["threads"];
  EXPECT_EQ(shown["on_cpu_ns"], 1);
  EXPECT_EQ(shown["runnable_ns"], 2);
  EXPECT_EQ(shown["blocked_ns"], 3);
  EXPECT_EQ(shown["voluntary_switches"], 4);
  EXPECT_EQ(shown["involuntary_switches"], 0);
  EXPECT_EQ(shown["migrations"], 6);
  EXPECT_EQ(shown["alive"], 7);
  EXPECT_FALSE(shown.contains("blocked_disk_ns"));
  threads->blocked_on_disk = 0;
  shown = parse(snapshot)["containers"][0]["threads"];
  EXPECT_EQ(shown["blocked_disk_ns"], 0);
}

TEST(ContainersJson, AnEstimateDoesNotHaveTheExactKeys) {
  model::Snapshot snapshot = bare();
  model::Reading& reading = snapshot.containers[0].reading;
  reading.cpus = {{0, 5}};
  reading.threads = {.on_cpu = 1};
  reading.threads_estimated = true;
  const json it = parse(snapshot)["containers"][0];
  EXPECT_FALSE(it.contains("cpus"));
  EXPECT_FALSE(it.contains("threads"));
  EXPECT_EQ(it["cpus_estimated"]["ns"]["0"], 5);
  EXPECT_FALSE(it["cpus_estimated"].contains("unattributed_ns"));
  EXPECT_EQ(it["threads_estimated"]["on_cpu_ns"], 1);
  EXPECT_FALSE(it["threads_estimated"].contains("migrations"));
}

TEST(ContainersJson, AFinishedContainerHasItsEndAndExitCode) {
  model::Snapshot snapshot = test::full_snapshot(1);
  EXPECT_EQ(parse(snapshot)["containers"][0]["state"], "running");
  EXPECT_FALSE(parse(snapshot)["containers"][0].contains("exit_code"));
  snapshot.containers[0].ended = 5 * base::kSecond;
  snapshot.wall_offset = 100 * base::kSecond;
  const json it = parse(snapshot)["containers"][0];
  EXPECT_EQ(it["state"], "finished");
  EXPECT_EQ(it["finished"], 105);
  EXPECT_EQ(it["exit_code"], 0);
  EXPECT_EQ(it["oom_killed"], false);
}

TEST(ContainersJson, NamesWhoseNamespaceItIs) {
  model::Snapshot snapshot = test::full_snapshot(1);
  EXPECT_EQ(parse(snapshot)["containers"][0]["network"]["scope"], "own");
  EXPECT_EQ(parse(snapshot)["containers"][0]["network"]["interfaces"][0]["interface"], "eth0");
  snapshot.containers[0].reading.network_scope = model::NetworkScope::Host;
  snapshot.containers[0].reading.network.clear();
  EXPECT_EQ(parse(snapshot)["containers"][0]["network"], json({{"scope", "host"}}));
}

TEST(ContainersJson, AnyBytesInNamesAndLabelsStayValid) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 50; ++round) {
    const model::Snapshot snapshot = test::random_snapshot(random, 8);
    const json containers = parse(snapshot)["containers"];
    ASSERT_EQ(containers.size(), 8U);
    for (size_t i = 0; i < 8; ++i)
      EXPECT_EQ(containers[i]["id"], base::to_utf8(snapshot.containers[i].container->path));
  }
}

}  // namespace
}  // namespace benchd::api
