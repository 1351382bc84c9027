#pragma once

#include <cstdint>
#include <future>
#include <optional>
#include <string>

#include "base/result.h"
#include "daemon/control/control_server.h"
#include "daemon/finished_campaigns.h"
#include "model/status.h"

namespace benchd::daemon {

/// What the daemon does for campaigns: takes them and their runs over its control socket, and judges those that are
/// finished. All on the sampler's thread; the socket is read and verdicts are computed on threads of their own.
class CampaignDesk {
 public:
  explicit CampaignDesk(std::string ledger);

  /// What is missing, where it cannot listen: all else works.
  std::optional<model::State> listen(const std::string& socket);
  /// Where it listens.
  base::Result<base::Done> start();
  void stop();

  /// Readable when work() has something to do; -1: it does not listen.
  int fd() const { return control_ ? control_->fd() : -1; }
  /// Writes all that was sent. Returns how much of it contradicts the ledger, and was refused.
  uint64_t work(const ControlServer::Writer& write);

  /// The verdicts on finished campaigns, once after each time they were computed.
  std::optional<FinishedCampaigns> news();

 private:
  void judge();

  const std::string ledger_;
  std::optional<ControlServer> control_;
  std::future<FinishedCampaigns> judging_;  ///< aside: it takes a while
  bool is_old_ = false;                     ///< a campaign was finished since judging_ was begun
};

}  // namespace benchd::daemon
