#include "daemon/campaign/services.h"

#include <gmock/gmock.h>
#include <unistd.h>

namespace benchd::campaign {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

/// One service that is a local command, in a cgroup of its own.
class ServicesTest : public testing::Test {
 protected:
  void SetUp() override {
    auto home = CgroupHome::make({.name = "test-services-" + std::to_string(::getpid()), .systemd = "/nonexistent"});
    if (!home.ok()) GTEST_SKIP() << home.error().message();
    home_.emplace(*std::move(home));
    auto services = Services::make({.services = wanted_, .home = *home_, .interrupts = interrupts_});
    ASSERT_TRUE(services.ok()) << services.error().message();
    services_.emplace(*std::move(services));
    ASSERT_TRUE(services_->check().ok());
    const auto started = services_->start();
    ASSERT_TRUE(started.ok()) << started.error().message();
  }

  const std::vector<Service> wanted_ = {
      {.variant = {
           .name = "db", .kind = Variant::Kind::Local, .command = {"sh", "-c", "while :; do sleep 0.001; done"}}}};
  base::Interrupts interrupts_;
  std::optional<CgroupHome> home_;
  std::optional<Services> services_;
};

TEST_F(ServicesTest, WhatIsUsedDuringARunIsTheRuns) {
  services_->run_begins();
  uint64_t used = 0;
  while (used == 0) {
    const auto uses = services_->run_ends("v");
    ASSERT_THAT(uses, SizeIs(1));
    EXPECT_EQ(uses[0].service, "db");
    ASSERT_TRUE(uses[0].cpu_usec.has_value());
    used = *uses[0].cpu_usec;
  }
  EXPECT_THAT(services_->usage(), ElementsAre(HasSubstr("s with v")));
}

TEST_F(ServicesTest, AServiceThatIsGoneAtTheEndUsedNobodyKnowsWhat) {
  services_->run_begins();
  ASSERT_TRUE(clear_cgroup(home_->path() + "/service-db").ok());
  EXPECT_THAT(services_->run_ends("v"),
              ElementsAre(model::ServiceUse{.service = "db", .cpu_usec = {}, .memory_peak_bytes = {}}));
  EXPECT_THAT(services_->usage(), ElementsAre("service db: its CPU time cannot be read")) << "not 18 quintillion";
}

}  // namespace
}  // namespace benchd::campaign
