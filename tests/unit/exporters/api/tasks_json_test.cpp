#include "exporters/api/tasks_json.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace benchd::api {
namespace {

using nlohmann::json;

constexpr uint64_t kId = 42;

model::Snapshot snapshot_of(const std::string& name) {
  auto container = std::make_shared<model::Container>();
  container->path = "/app";
  container->cgroup_id = kId;
  auto metadata = std::make_shared<model::Metadata>();
  metadata->name = name;
  model::Snapshot snapshot;
  snapshot.boot_id = "boot";
  snapshot.wall_offset = 1'000 * base::kSecond;
  snapshot.containers.push_back({.container = container, .metadata = metadata});
  return snapshot;
}

model::TaskWindow window() {
  model::TaskWindow window{.cgroup_id = kId, .from = 10 * base::kSecond, .to = 70 * base::kSecond, .residual = {}};
  window.tasks.push_back({.key = {.task = "render", .outcome = "ok"},
                          .tasks = 30,
                          .per_second = 0.5,
                          .mean_seconds = 0.25,
                          .in_flight = 1.5,
                          .costed = 20,
                          .apportioned = 5,
                          .cost = model::TaskRates::Cost{.cpu_seconds = 0.125, .on_cpu_seconds = 0.5}});
  window.residual.cpu_ns = 2'500'000'000;
  return window;
}

TEST(TasksJson, HasARowForEachKeyOfEachWindow) {
  const model::Snapshot snapshot = snapshot_of("web");
  const json document = json::parse(tasks_json(snapshot, std::vector{window()}));
  ASSERT_EQ(document["containers"].size(), 1);
  const json& it = document["containers"][0];
  EXPECT_EQ(it["id"], "/app");
  EXPECT_EQ(it["name"], "web");
  EXPECT_EQ(it["from"], 1010);
  EXPECT_EQ(it["to"], 1070);
  EXPECT_EQ(it["residual_cpu_seconds"], 2.5);
  EXPECT_EQ(it["coarse"], false);
  const json& task = it["tasks"][0];
  EXPECT_EQ(task["task"], "render");
  EXPECT_EQ(task["outcome"], "ok");
  EXPECT_EQ(task["tasks"], 30);
  EXPECT_EQ(task["tasks_per_second"], 0.5);
  EXPECT_EQ(task["mean_seconds"], 0.25);
  EXPECT_EQ(task["in_flight"], 1.5);
  EXPECT_EQ(task["costed"], 20);
  EXPECT_EQ(task["apportioned"], 5);
  EXPECT_EQ(task["per_task"], json({{"cpu_seconds", 0.125}})) << "threads and IO are not collected";
}

TEST(TasksJson, HasThreadsAndIoWhereTheyAreCollected) {
  model::Snapshot snapshot = snapshot_of("web");
  snapshot.containers[0].reading.threads.emplace();
  snapshot.containers[0].reading.io.emplace_back();
  const json document = json::parse(tasks_json(snapshot, std::vector{window()}));
  const json& task = document["containers"][0]["tasks"][0]["per_task"];
  EXPECT_EQ(task["thread_seconds"]["on_cpu"], 0.5);
  EXPECT_EQ(task["io_read_bytes"], 0);
}

TEST(TasksJson, AWindowWithLinesOfFlushesIsCoarse) {
  model::TaskWindow it = window();
  it.coarse = 1;
  EXPECT_EQ(json::parse(tasks_json(snapshot_of("web"), std::vector{it}))["containers"][0]["coarse"], true);
}

TEST(TasksJson, TheHostIsTheRootAndHasNoCost) {
  model::TaskWindow it = window();
  it.cgroup_id = 0;
  const json host = json::parse(tasks_json(snapshot_of("web"), std::vector{it}))["containers"][0];
  EXPECT_EQ(host["id"], "/");
  EXPECT_FALSE(host.contains("residual_cpu_seconds"));
  EXPECT_FALSE(host["tasks"][0].contains("per_task"));
}

TEST(TasksJson, ContainersThatNobodyShowsAnyMoreAreLeftOut) {
  model::TaskWindow it = window();
  it.cgroup_id = 7;
  EXPECT_TRUE(json::parse(tasks_json(snapshot_of("web"), std::vector{it}))["containers"].empty());
}

TEST(UnmatchedJson, NothingThatATerminalObeysIsInIt) {
  const std::vector<model::UnmatchedLines> logs = {{.cgroup_id = kId,
                                                    .log = "docker:abc",
                                                    .lines = {"\x1b[2J\x07\x7f",
                                                              "\xc2\x9b"
                                                              "31m \xe2\x80\xae",
                                                              "\xff\xfe", ""}}};
  const std::string text = unmatched_json(snapshot_of("w\x1b]0;x\x07"), logs);
  EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7f; })) << text;
  const json log = json::parse(text)["logs"][0];
  EXPECT_EQ(log["log"], "docker:abc");
  EXPECT_EQ(log["lines"][0], "\x1b[2J\x07\x7f");
  EXPECT_EQ(log["lines"][2], "\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(log["lines"][3], "");
}

TEST(ErrorJson, IsAnObject) {
  EXPECT_EQ(json::parse(error_json("no \"window\"\n"))["error"], "no \"window\"\n");
}

}  // namespace
}  // namespace benchd::api
