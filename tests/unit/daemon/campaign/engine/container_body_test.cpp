#include "daemon/campaign/engine/container_body.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace benchd::campaign {
namespace {

using Json = nlohmann::json;

Variant whole() {
  Variant variant{.name = "v", .kind = Variant::Kind::Image, .image = "box"};
  variant.command = {"sh", "-c", "true"};
  variant.environment = {{"A", "1"}};
  variant.volumes = {"/srv/data:/data:ro", "cache:/cache"};
  variant.security = {"seccomp=unconfined"};
  variant.cpus = "0-1";
  variant.mems = "0";
  variant.memory_bytes = 1'000'000;
  variant.cpu_limit = 1.5;
  return variant;
}

const ContainerPlan kPlan{.name = "benchd-c-7",
                          .image = "box",
                          .cgroup_parent = "/bench/run-7",
                          .labels = {{"benchd.run", "c/1/7"}},
                          .network = "benchd-c",
                          .alias = "db"};

TEST(ContainerBody, WhatAVariantSaysReachesDocker) {
  const Json body = Json::parse(docker_body(whole(), kPlan));
  EXPECT_EQ(body["Cmd"], Json({"sh", "-c", "true"}));
  EXPECT_EQ(body["Env"], Json({"A=1"}));
  EXPECT_EQ(body["Labels"]["benchd.run"], "c/1/7");
  const Json& host = body["HostConfig"];
  EXPECT_EQ(host["CgroupParent"], "/bench/run-7");
  EXPECT_EQ(host["CpusetCpus"], "0-1");
  EXPECT_EQ(host["CpusetMems"], "0");
  EXPECT_EQ(host["NanoCpus"], 1'500'000'000);
  EXPECT_EQ(host["Memory"], 1'000'000);
  EXPECT_EQ(host["MemorySwap"], 1'000'000) << "both together: no swap";
  EXPECT_EQ(host["NetworkMode"], "benchd-c");
  EXPECT_EQ(body["NetworkingConfig"]["EndpointsConfig"]["benchd-c"]["Aliases"], Json({"db"}));
}

TEST(ContainerBody, WhatAVariantSaysReachesPodmanWithoutItsMonitor) {
  const auto text = podman_body(whole(), kPlan);
  ASSERT_TRUE(text.ok());
  const Json body = Json::parse(*text);
  EXPECT_EQ(body["cgroups_mode"], "no-conmon");
  EXPECT_EQ(body["name"], "benchd-c-7");
  EXPECT_EQ(body["env"]["A"], "1");
  EXPECT_EQ(body["resource_limits"]["cpu"]["quota"], 150'000);
  EXPECT_EQ(body["resource_limits"]["cpu"]["period"], 100'000);
  EXPECT_EQ(body["resource_limits"]["cpu"]["cpus"], "0-1");
  EXPECT_EQ(body["resource_limits"]["cpu"]["mems"], "0");
  EXPECT_EQ(body["resource_limits"]["memory"]["limit"], 1'000'000);
  EXPECT_EQ(body["mounts"][0]["source"], "/srv/data");
  EXPECT_EQ(body["mounts"][0]["options"], Json({"ro", "rbind"}));
  EXPECT_EQ(body["volumes"][0]["Name"], "cache");
  EXPECT_EQ(body["networks"]["benchd-c"]["aliases"], Json({"db"}));
  EXPECT_EQ(body["seccomp_profile_path"], "unconfined");
}

TEST(ContainerBody, ANetworkOfItsOwnLeavesTheCampaigns) {
  Variant variant = whole();
  variant.network = "none";
  EXPECT_EQ(Json::parse(docker_body(variant, kPlan))["HostConfig"]["NetworkMode"], "none");
  EXPECT_FALSE(Json::parse(docker_body(variant, kPlan)).contains("NetworkingConfig"));
  EXPECT_EQ(Json::parse(*podman_body(variant, kPlan))["netns"]["nsmode"], "none");
  variant.network = "lan";
  EXPECT_EQ(Json::parse(*podman_body(variant, kPlan))["networks"], Json({{"lan", Json::object()}}));
}

TEST(ContainerBody, WhatPodmanHasNoWordForIsRefusedNotDropped) {
  Variant variant = whole();
  variant.security = {"systempaths=unconfined"};
  const auto body = podman_body(variant, kPlan);
  ASSERT_FALSE(body.ok());
  EXPECT_NE(body.error().attempt.find("systempaths=unconfined"), std::string::npos);
}

}  // namespace
}  // namespace benchd::campaign
