#include "daemon/campaign/engine/engine.h"

#include <cerrno>
#include <csignal>

#include <gtest/gtest.h>

#include "fake_engine.h"

namespace benchd::campaign {
namespace {

class EngineTest : public testing::Test {
 protected:
  Engine connected() {
    auto engine = Engine::connect({"/nonexistent", fake_.socket()}, interrupts_);
    EXPECT_TRUE(engine.ok()) << engine.error().message();
    return *engine;
  }

  FakeEngine fake_;
  base::Interrupts interrupts_;
};

TEST_F(EngineTest, TheFirstSocketThatAnswersIsTaken) {
  fake_.answer("GET /info",
               {.body = R"({"CgroupDriver":"systemd","MemoryLimit":false,"SecurityOptions":["name=rootless"]})"});
  const Engine engine = connected();
  EXPECT_TRUE(engine.facts().systemd);
  EXPECT_TRUE(engine.facts().rootless);
  EXPECT_FALSE(engine.facts().limits_memory);
  EXPECT_TRUE(engine.facts().limits_cpu);
  EXPECT_FALSE(engine.facts().podman);
}

TEST_F(EngineTest, WhatPodmanDeniesOfLimitsIsNotBelieved) {
  fake_.answer("GET /info",
               {.body = R"({"BuildahVersion":"1.28.2","CPUSet":false,"CpuCfsQuota":false,"Rootless":true})"});
  const Engine engine = connected();
  EXPECT_TRUE(engine.facts().podman && engine.facts().rootless && engine.facts().limits_cpu &&
              engine.facts().pins_cpus);
}

TEST_F(EngineTest, NobodyThere) {
  const auto engine = Engine::connect({"/nonexistent"}, interrupts_);
  ASSERT_FALSE(engine.ok());
  EXPECT_EQ(engine.error().attempt, "find a container engine at /nonexistent");
}

TEST_F(EngineTest, TheEnginesOwnWordsAreTheError) {
  const Engine engine = connected();
  EXPECT_EQ(engine.ask("GET", "/gone").error().code, ENOENT);
  fake_.answer("POST /x", {.status = 500, .body = R"({"message":"disk is full"})"});
  EXPECT_EQ(engine.ask("POST", "/x").error().attempt, "ask the engine: disk is full");
  fake_.answer("POST /x", {.status = 500, .body = "no JSON"});
  EXPECT_EQ(engine.ask("POST", "/x").error().attempt, "ask the engine: no JSON");
  fake_.answer("POST /x", {.cut = true});
  EXPECT_EQ(engine.ask("POST", "/x").error().code, EPROTO);
}

TEST_F(EngineTest, AnInterruptionEndsWhatHangsAndLeavesTheNextRequestAlone) {
  const Engine engine = connected();
  fake_.answer("POST /wait", {.hang = true});
  fake_.answer("DELETE /x", {.status = 204});
  ::raise(SIGINT);
  const auto answer = engine.ask("POST", "/wait");
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ECANCELED);
  EXPECT_TRUE(interrupts_.seen());
  EXPECT_TRUE(engine.ask("DELETE", "/x").ok()) << "what is tidied up afterwards";
}

TEST_F(EngineTest, AnInterruptionDoesNotKeepFromTidyingUp) {
  const Engine engine = connected();
  fake_.answer("DELETE /x", {.status = 204});
  ::raise(SIGTERM);
  EXPECT_TRUE(engine.ask("DELETE", "/x").ok());
  EXPECT_TRUE(interrupts_.seen());
}

}  // namespace
}  // namespace benchd::campaign
