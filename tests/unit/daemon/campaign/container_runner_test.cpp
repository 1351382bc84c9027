#include "daemon/campaign/container_runner.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <list>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/file.h"
#include "support/temporary_directory.h"
#include "unit/daemon/campaign/engine/fake_engine.h"

namespace benchd::campaign {
namespace {

/// Its "containers" are processes that the test starts in their cgroups.
class ContainerRunnerTest : public testing::Test {
 protected:
  void SetUp() override {
    // Never by systemd: what is tested is what becomes of the engine's answers.
    auto home = CgroupHome::make({.name = "test-runner-" + std::to_string(::getpid()), .systemd = "/nonexistent"});
    if (!home.ok()) GTEST_SKIP() << home.error().message();
    home_.emplace(*std::move(home));
    fake_.answer("GET /images/box/json", {.body = R"({"Id":"sha256:7"})"});
    fake_.answer("POST /containers/create", {.status = 201, .body = R"({"Id":"c1"})"});
    fake_.answer("POST /containers/c1/start", {.status = 204, .effect = [this] { start("sleep 0.1"); }});
    fake_.answer("POST /containers/c1/wait", {.body = R"({"StatusCode":0})"});
    fake_.answer("GET /containers/c1/json", {.body = "{}"});
    fake_.answer("DELETE ", {.status = 204});
    fake_.answer("GET /containers/json", {.body = "[]"});
    fake_.answer("GET /networks", {.body = "[]"});
  }
  void TearDown() override {
    for (const Child& child : children_) {
      ::kill(child.pid, SIGKILL);
      wait_for(child);
    }
  }

  void start(const std::string& script) {
    const auto cgroup = base::open_directory(AT_FDCWD, (home_->path() + "/run-7").c_str());
    auto child = spawn(*find_program({"sh", "-c", script}, {}), {.cgroup = cgroup->get()});
    if (child.ok()) children_.push_back(*std::move(child));
  }

  base::Result<std::optional<model::RunRecord>> run(const Variant& variant) {
    Containers containers(*Engine::connect({fake_.socket()}, interrupts_), *home_, "c");
    NoiseMeter noise({.enabled = false}, {});
    auto services = Services::make({.services = none_, .home = *home_, .interrupts = interrupts_});
    RunMeter meter(*home_, nullptr);
    ContainerRunner runner(
        {.home = *home_, .interrupts = interrupts_, .noise = noise, .services = *services, .meter = meter}, containers);
    if (auto checked = runner.check(variant); !checked.ok()) return checked.error();
    model::RunRecord record;
    record.id = "c/1/7";
    record.order = 7;
    return runner.run(variant, record);
  }

  bool is_tidy() const {
    const auto requests = fake_.requests();
    return ::access((home_->path() + "/run-7").c_str(), F_OK) != 0 &&
           std::any_of(requests.begin(), requests.end(),
                       [](const auto& it) { return it.line.starts_with("DELETE /containers/c1?"); });
  }

  std::list<Child> children_;
  const std::vector<Service> none_;
  base::Interrupts interrupts_;
  std::optional<CgroupHome> home_;
  FakeEngine fake_;
  Variant box_{.name = "v", .kind = Variant::Kind::Image, .image = "box"};
};

TEST_F(ContainerRunnerTest, ARunIsFromTheFirstProcessToTheLast) {
  fake_.answer("POST /containers/c1/wait", {.body = R"({"StatusCode":3})"});
  const auto record = run(box_);
  ASSERT_TRUE(record.ok()) << record.error().message();
  ASSERT_TRUE(record->has_value());
  EXPECT_GE((*record)->duration_ns, 90 * base::kMillisecond);
  EXPECT_GT((*record)->cpu_usec, 0U);
  EXPECT_EQ((*record)->exit_code, 3);
  EXPECT_EQ((*record)->failure, "exit code 3");
  EXPECT_EQ((*record)->image_digest, "sha256:7");
  EXPECT_TRUE(is_tidy());
}

TEST_F(ContainerRunnerTest, WhatTheEngineSaysOfMemoryIsBelieved) {
  fake_.answer("GET /containers/c1/json", {.body = R"({"State":{"OOMKilled":true}})"});
  const auto record = run(box_);
  ASSERT_TRUE(record.ok() && record->has_value());
  EXPECT_EQ((*record)->failure, "killed for want of memory");
}

TEST_F(ContainerRunnerTest, AContainerThatCannotBeStartedSaysWhyAndIsRemoved) {
  fake_.answer("POST /containers/c1/start", {.status = 400, .body = R"({"message":"exec: \"nope\": not found"})"});
  const auto record = run(box_);
  ASSERT_FALSE(record.ok());
  EXPECT_EQ(record.error().attempt, R"(ask the engine: exec: "nope": not found)");
  EXPECT_TRUE(is_tidy());
}

TEST_F(ContainerRunnerTest, OneThatNobodySawHasNoDurationToTrust) {
  fake_.answer("POST /containers/c1/start", {.status = 204});
  const auto record = run(box_);
  ASSERT_TRUE(record.ok() && record->has_value());
  EXPECT_EQ((*record)->incomplete, std::vector<std::string>{"duration"});
}

TEST_F(ContainerRunnerTest, TheHostsTrafficIsNotItsOwn) {
  const auto record = run(box_);
  ASSERT_TRUE(record.ok() && record->has_value());
  EXPECT_FALSE((*record)->network_sent_bytes.has_value());
}

TEST_F(ContainerRunnerTest, TrafficIsThatOfANetworkOfItsOwn) {
  if (std::system("unshare --net ip link add benchd0 type veth 2>/dev/null") != 0)
    GTEST_SKIP() << "no network namespace, or no interface in it, can be made here";
  const TemporaryDirectory directory;
  const std::string made = directory.path() + "/made";
  // As an engine answers: once the container is as it is to be.
  fake_.answer("POST /containers/c1/start",
               {.status = 204, .effect = [&] {
                  start("exec unshare --net sh -c 'ip link add benchd0 type veth; touch " + made + "; exec sleep 1'");
                  while (::access(made.c_str(), F_OK) != 0) ::usleep(1000);
                }});
  const auto record = run(box_);
  std::filesystem::remove(made);
  ASSERT_TRUE(record.ok() && record->has_value());
  EXPECT_EQ((*record)->network_received_bytes, 0U);
  EXPECT_EQ((*record)->network_sent_bytes, 0U);
  box_.network = "container:db";
  const auto shared = run(box_);
  std::filesystem::remove(made);
  ASSERT_TRUE(shared.ok() && shared->has_value());
  EXPECT_FALSE((*shared)->network_sent_bytes.has_value()) << "another's, which counted before";
}

TEST_F(ContainerRunnerTest, ATimeoutKillsAllOfIt) {
  box_.timeout_ns = 200 * base::kMillisecond;
  fake_.answer("POST /containers/c1/start", {.status = 204, .effect = [this] { start("sleep 1000 & sleep 1000"); }});
  const auto record = run(box_);
  ASSERT_TRUE(record.ok() && record->has_value());
  EXPECT_EQ((*record)->failure, "timeout of 0.2 s");
  EXPECT_TRUE(is_tidy());
}

TEST_F(ContainerRunnerTest, AnInterruptionLeavesNothing) {
  fake_.answer("POST /containers/c1/start", {.status = 204, .effect = [this] {
                                               start("sleep 1000");
                                               ::kill(::getpid(), SIGINT);
                                             }});
  const auto record = run(box_);
  EXPECT_TRUE(!record.ok() || !record->has_value()) << "while it started, or just after";
  EXPECT_TRUE(interrupts_.seen());
  EXPECT_TRUE(is_tidy());
}

}  // namespace
}  // namespace benchd::campaign
