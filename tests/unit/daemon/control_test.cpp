#include <atomic>
#include <optional>
#include <thread>

#include <gmock/gmock.h>
#include <poll.h>

#include "daemon/control/control_client.h"
#include "daemon/control/control_server.h"
#include "daemon/control/keeper.h"
#include "daemon/ledger/ledger.h"
#include "support/sample_run.h"
#include "support/temporary_directory.h"

namespace benchd::daemon {
namespace {

using base::Done;
using base::Error;
using base::Result;
using testing::ElementsAre;
using testing::HasSubstr;

/// A daemon's control socket and its ledger, with a thread that does what the sampler's would.
class TestDaemon {
 public:
  TestDaemon(const std::string& ledger, const std::string& socket) : server_(ledger) {
    auto opened = ledger::Ledger::open(ledger);
    EXPECT_TRUE(opened.ok()) << opened.error().message();
    ledger_.emplace(*std::move(opened));
    const auto listening = server_.listen(socket);
    EXPECT_TRUE(listening.ok()) << listening.error().message();
    EXPECT_TRUE(server_.start().ok());
    thread_ = std::thread([this] {
      while (!stop_) {
        pollfd wait{.fd = server_.fd(), .events = POLLIN};
        if (::poll(&wait, 1, 10) == 1) work();
      }
    });
  }
  ~TestDaemon() {
    stop_ = true;
    thread_.join();
    server_.stop();
  }

  std::atomic<int> failures = 0;  ///< transactions yet to fail
  std::atomic<uint64_t> refused = 0;
  std::atomic<bool> finished = false;

 private:
  void work() {
    const auto worked = server_.work([this](const ControlServer::Change& change) -> Result<Done> {
      if (failures > 0) {
        --failures;
        return Error{.code = ENOSPC, .attempt = "commit"};
      }
      return ledger_->change_runs(change);
    });
    refused += worked.refused;
    finished = finished || worked.finished;
  }

  std::optional<ledger::Ledger> ledger_;
  ControlServer server_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

class ControlTest : public testing::Test {
 protected:
  std::unique_ptr<Keeper> keeper(bool patient = true) {
    auto made = keep_at_daemon(socket_, {.longest = patient ? 60 * base::kSecond : 0,
                                         .rest =
                                             [this](int64_t nanoseconds) {
                                               if (on_rest) on_rest();
                                               std::this_thread::sleep_for(std::chrono::nanoseconds(nanoseconds));
                                               return true;
                                             },
                                         .tell = [this](const std::string& what) { told_.push_back(what); }});
    EXPECT_TRUE(made.ok()) << made.error().message();
    return *std::move(made);
  }

  TemporaryDirectory directory_;
  const std::string path_ = directory_.path() + "/ledger.db";
  const std::string socket_ = directory_.path() + "/control.sock";
  std::function<void()> on_rest;
  std::vector<std::string> told_;
};

model::Campaign sample_campaign() {
  return {.id = test::sample_run().campaign,
          .experiment = "python-builds",
          .definition = R"({"measure":"duration"})",
          .hash = "abc",
          .host = "bench1",
          .seed = UINT64_MAX,
          .planned_blocks = 20,
          .started_at = 17,
          .finished_at = {},
          .looks = 0};
}

TEST_F(ControlTest, WhatWasSentIsThereAsItWas) {
  TestDaemon daemon(path_, socket_);
  const auto keeper = this->keeper();
  ASSERT_TRUE(keeper->put(sample_campaign()).ok());
  const auto put = keeper->put(test::sample_run());
  ASSERT_TRUE(put.ok()) << put.error().message();
  EXPECT_TRUE(keeper->put(test::sample_run()).ok()) << "a second time, as after a broken connection";
  const auto campaigns = keeper->campaigns();
  ASSERT_TRUE(campaigns.ok());
  EXPECT_THAT(*campaigns, ElementsAre(sample_campaign()));
  const auto runs = keeper->runs(sample_campaign().id);
  ASSERT_TRUE(runs.ok());
  EXPECT_THAT(*runs, ElementsAre(test::sample_run()));
  EXPECT_FALSE(daemon.finished);
  EXPECT_EQ(*keeper->finish(sample_campaign().id, 18), 1U);
  EXPECT_EQ(*keeper->finish(sample_campaign().id, 19), 1U) << "it was";
  EXPECT_TRUE(daemon.finished);
  EXPECT_EQ(daemon.refused, 0U);
}

TEST_F(ControlTest, ALedgerWithoutAnyIsNoMistake) {
  TestDaemon daemon(path_, socket_);
  const auto keeper = this->keeper();
  EXPECT_THAT(*keeper->campaigns(), ElementsAre());
  ASSERT_TRUE(keeper->put(sample_campaign()).ok());
  EXPECT_THAT(*keeper->runs(sample_campaign().id), ElementsAre());
}

TEST_F(ControlTest, WhatContradictsTheLedgerIsTheLastWord) {
  TestDaemon daemon(path_, socket_);
  const auto keeper = this->keeper();
  const auto orphan = keeper->put(test::sample_run());
  EXPECT_EQ(orphan.error().code, ENOENT) << "its campaign is not there";
  ASSERT_TRUE(keeper->put(sample_campaign()).ok());
  ASSERT_TRUE(keeper->put(test::sample_run()).ok());
  model::RunRecord other = test::sample_run();
  other.cpu_usec = 1;
  const auto refused = keeper->put(other);
  EXPECT_EQ(refused.error().code, EEXIST);
  EXPECT_THAT(refused.error().message(), HasSubstr("with another cpu_usec"));
  EXPECT_FALSE(keeper->is_lost());
  ASSERT_TRUE(keeper->finish(sample_campaign().id, 18).ok());
  other.id += "-late";
  EXPECT_EQ(keeper->put(other).error().code, EEXIST) << "the verdict is spoken";
  EXPECT_THAT(*keeper->runs(sample_campaign().id), ElementsAre(test::sample_run()));
  EXPECT_EQ(daemon.refused, 2U);
  EXPECT_THAT(told_, ElementsAre());
}

TEST_F(ControlTest, ALookThatIsSentAgainIsCountedOnce) {
  TestDaemon daemon(path_, socket_);
  ASSERT_TRUE(keeper()->put(sample_campaign()).ok());
  ControlClient client(socket_);
  const auto look = [&](const std::string& request) {
    const auto answer = client.ask("POST", "/v1/look",
                                   R"({"campaign":")" + sample_campaign().id + R"(","request":")" + request + "\"}");
    return answer.ok() ? answer->body : answer.error().message();
  };
  daemon.failures = 1;
  EXPECT_THAT(look("17.1"), HasSubstr("error")) << "not counted, and not remembered either";
  EXPECT_EQ(look("17.1"), "{\"looks\":1}\n");
  EXPECT_EQ(look("17.1"), "{\"looks\":1}\n");
  EXPECT_EQ(look("17.2"), "{\"looks\":2}\n");
  EXPECT_EQ(look("17.1"), "{\"looks\":1}\n");
  for (int i = 0; i < 70; ++i) look("18." + std::to_string(i));
  EXPECT_EQ(look("18.69"), "{\"looks\":72}\n") << "not all are remembered, the last are";
}

TEST_F(ControlTest, ALedgerThatTakesNothingForAMomentIsWaitedFor) {
  TestDaemon daemon(path_, socket_);
  const auto keeper = this->keeper();
  daemon.failures = 2;
  ASSERT_TRUE(keeper->put(sample_campaign()).ok());
  EXPECT_THAT(told_, ElementsAre(HasSubstr("No space left"))) << "once";
  EXPECT_FALSE(keeper->is_lost());
}

TEST_F(ControlTest, ADaemonThatComesBackIsGoneOnWith) {
  std::optional<TestDaemon> daemon(std::in_place, path_, socket_);
  const auto keeper = this->keeper();
  ASSERT_TRUE(keeper->put(sample_campaign()).ok());
  daemon.reset();
  on_rest = [&] {
    if (!daemon) daemon.emplace(path_, socket_);
  };
  ASSERT_TRUE(keeper->put(test::sample_run()).ok());
  EXPECT_THAT(*keeper->runs(sample_campaign().id), ElementsAre(test::sample_run()));
}

TEST_F(ControlTest, ADaemonThatStaysAwayIsLost) {
  std::optional<TestDaemon> daemon(std::in_place, path_, socket_);
  const auto keeper = this->keeper(false);
  ASSERT_TRUE(keeper->put(sample_campaign()).ok());
  daemon.reset();
  EXPECT_FALSE(keeper->put(test::sample_run()).ok());
  EXPECT_TRUE(keeper->is_lost());
  EXPECT_EQ(keep_at_daemon(socket_, {}).error().code, ECONNREFUSED);
  EXPECT_EQ(keep_at_daemon(directory_.path() + "/none", {}).error().code, ENOENT);
}

}  // namespace
}  // namespace benchd::daemon
