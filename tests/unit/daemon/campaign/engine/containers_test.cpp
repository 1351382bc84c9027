#include "daemon/campaign/engine/containers.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "daemon/campaign/engine/maker.h"
#include "fake_engine.h"

namespace benchd::campaign {
namespace {

using Json = nlohmann::json;

/// Below the cgroup2 mount of this machine, if there is one that this user may write to.
class ContainersTest : public testing::Test {
 protected:
  void SetUp() override {
    // Never by systemd: what is tested are the requests.
    auto home = CgroupHome::make({.name = "test-" + std::to_string(::getpid()), .systemd = "/nonexistent"});
    if (!home.ok()) GTEST_SKIP() << home.error().message();
    home_.emplace(*std::move(home));
    fake_.answer("GET /images/box/json", {.body = R"({"Id":"sha256:7"})"});
    fake_.answer("POST /containers/create", {.status = 201, .body = R"({"Id":"c1"})"});
    fake_.answer("POST /v4.0.0/libpod/containers/create", {.status = 201, .body = R"({"Id":"c1"})"});
    fake_.answer("DELETE ", {.status = 204});
    fake_.answer("GET /containers/json", {.body = "[]"});
    fake_.answer("GET /networks", {.body = "[]"});
  }

  Containers made() { return Containers(*Engine::connect({fake_.socket()}, interrupts_), *home_, "c"); }

  size_t asked(const std::string& line) const {
    size_t times = 0;
    for (const auto& request : fake_.requests()) times += request.line.starts_with(line);
    return times;
  }

  FakeEngine fake_;
  base::Interrupts interrupts_;
  std::optional<CgroupHome> home_;
  const Variant box_{.name = "v", .kind = Variant::Kind::Image, .image = "box"};
};

TEST_F(ContainersTest, AContainerIsBelowACgroupOfItsOwnAndBothGoWithIt) {
  auto containers = made();
  ASSERT_TRUE(containers.check(box_).ok());
  std::string cgroup;
  {
    auto container = containers.create(box_, {.name = "7", .labels = {{"benchd.run", "c/1/7"}}, .alias = {}});
    ASSERT_TRUE(container.ok()) << container.error().message();
    cgroup = container->cgroup().path();
    EXPECT_EQ(::access(cgroup.c_str(), F_OK), 0);
    EXPECT_EQ(container->digest(), "sha256:7");
    const Json body =
        Json::parse(fake_.body_of("POST /containers/create?name=benchd-c-" + std::to_string(::getpid()) + "-7"));
    EXPECT_EQ(body["HostConfig"]["CgroupParent"], home_->mount().below + cgroup.substr(home_->mount().path.size()));
    EXPECT_EQ(body["Labels"],
              Json({{"benchd.campaign", "c"}, {"benchd.process", this_maker()}, {"benchd.run", "c/1/7"}}));
  }
  EXPECT_EQ(asked("DELETE /containers/c1?force=1&v=1"), 1U);
  EXPECT_NE(::access(cgroup.c_str(), F_OK), 0) << "its cgroup is gone too";
}

TEST_F(ContainersTest, WhatAKilledProcessLeftGoesBeforeAnythingIsMade) {
  fake_.answer("GET /containers/json", {.body = R"([{"Id":"old"},{"Id":7},null])"});
  fake_.answer("GET /networks", {.body = R"([{"Id":"net"}])"});
  const auto containers = made();
  EXPECT_EQ(asked("DELETE /containers/old"), 1U);
  EXPECT_EQ(asked("DELETE /networks/net"), 1U);
  EXPECT_EQ(asked("GET /containers/json?all=1&filters=%7B%22label%22%3A%5B%22benchd.campaign%3Dc%22%5D%7D"), 1U)
      << "of this campaign only";
}

TEST_F(ContainersTest, WhatAnotherCampaignLeftGoesOnceItsProcessIsNoMore) {
  const std::string alive = this_maker();
  const std::string gone = alive.substr(0, alive.rfind('/')) + "/1";
  const auto of = [](const std::string& id, const std::string& maker) {
    return Json{{"Id", id}, {"Labels", {{"benchd.campaign", "other"}, {"benchd.process", maker}}}};
  };
  const std::string all = "?all=1&filters=%7B%22label%22%3A%5B%22benchd.campaign%22%5D%7D";
  fake_.answer("GET /containers/json" + all,
               {.body = Json::array({of("dead", gone), of("live", alive), of("odd", "")}).dump()});
  fake_.answer("GET /networks?filters=%7B%22label%22%3A%5B%22benchd.campaign%22%5D%7D",
               {.body = Json::array({of("net", gone)}).dump()});
  const auto containers = made();
  EXPECT_EQ(asked("DELETE /containers/dead"), 1U);
  EXPECT_EQ(asked("DELETE /networks/net"), 1U);
  EXPECT_EQ(asked("DELETE /containers/live") + asked("DELETE /containers/odd"), 0U);
  EXPECT_EQ(containers.left().containers, 1U);
  EXPECT_EQ(containers.left().networks, 1U);
}

TEST_F(ContainersTest, AnImageThatIsNotThereSaysHowToGetIt) {
  auto containers = made();
  const auto checked = containers.check({.name = "v", .kind = Variant::Kind::Image, .image = "nobody/none:7"});
  ASSERT_FALSE(checked.ok());
  EXPECT_EQ(checked.error().message(), "find the image nobody/none:7: it is not here (docker pull nobody/none:7)");
}

TEST_F(ContainersTest, ALimitThatTheEngineCannotKeepIsRefused) {
  fake_.answer("GET /info", {.body = R"({"MemoryLimit":false,"CpuCfsQuota":false,"CPUSet":false})"});
  auto containers = made();
  Variant memory = box_, quota = box_, pinned = box_, near = box_;
  memory.memory_bytes = 1 << 20;
  quota.cpu_limit = 0.5;
  pinned.cpus = "0";
  near.mems = "0";
  for (const Variant& variant : {memory, quota, pinned, near}) EXPECT_FALSE(containers.check(variant).ok());
  EXPECT_TRUE(containers.check(box_).ok());
}

TEST_F(ContainersTest, PodmanIsAskedInItsOwnWay) {
  fake_.answer("GET /info", {.body = R"({"CgroupDriver":"cgroupfs","BuildahVersion":"1.28.2"})"});
  auto containers = made();
  ASSERT_TRUE(containers.check(box_).ok());
  ASSERT_TRUE(containers.create(box_, {.name = "7", .labels = {}, .alias = {}}).ok());
  EXPECT_EQ(Json::parse(fake_.body_of("POST /v4.0.0/libpod/containers/create"))["cgroups_mode"], "no-conmon");
}

TEST_F(ContainersTest, AContainerThatCannotBeMadeLeavesNoCgroup) {
  auto containers = made();
  ASSERT_TRUE(containers.check(box_).ok());
  for (const FakeEngine::Answer& answer :
       {FakeEngine::Answer{.status = 409, .body = R"({"message":"name in use"})"}, FakeEngine::Answer{.body = "{}"}}) {
    fake_.answer("POST /containers/create", answer);
    EXPECT_FALSE(containers.create(box_, {.name = "7", .labels = {}, .alias = {}}).ok());
    EXPECT_NE(::access((home_->path() + "/run-7").c_str(), F_OK), 0);
  }
}

TEST_F(ContainersTest, TheNetworkIsTheOneThatContainersAreIn) {
  fake_.answer("POST /networks/create", {.status = 201, .body = "{}"});
  auto containers = made();
  ASSERT_TRUE(containers.make_network().ok());
  ASSERT_TRUE(containers.check(box_).ok());
  ASSERT_TRUE(containers.create(box_, {.name = "db", .labels = {}, .alias = "db"}).ok());
  EXPECT_EQ(Json::parse(fake_.body_of("POST /networks/create"))["Labels"]["benchd.campaign"], "c");
  EXPECT_EQ(Json::parse(fake_.body_of("POST /containers/create"))["HostConfig"]["NetworkMode"], "benchd-c");
}

}  // namespace
}  // namespace benchd::campaign
