#include "daemon/campaign_desk.h"

#include <chrono>
#include <utility>

namespace benchd::daemon {

using base::Done;
using base::Result;

CampaignDesk::CampaignDesk(std::string ledger) : ledger_(std::move(ledger)) {
  judge();
}

std::optional<model::State> CampaignDesk::listen(const std::string& socket) {
  control_.emplace(ledger_);
  const Result<Done> listening = control_->listen(socket);
  if (listening.ok()) return std::nullopt;
  control_.reset();
  return model::State{.subject = "control socket",
                      .found = listening.error().message(),
                      .cost = "`benchd bench` keeps its campaigns in a ledger of its user's",
                      .cure = "--control.socket=PATH, where benchd's user may make it"};
}

Result<Done> CampaignDesk::start() {
  return control_ ? control_->start() : Done{};
}

void CampaignDesk::stop() {
  if (control_) control_->stop();
}

uint64_t CampaignDesk::work(const ControlServer::Writer& write) {
  const ControlServer::Worked worked = control_->work(write);
  if (worked.finished) judge();
  return worked.refused;
}

std::optional<FinishedCampaigns> CampaignDesk::news() {
  std::optional<FinishedCampaigns> news;
  if (judging_.valid() && judging_.wait_for(std::chrono::seconds(0)) == std::future_status::ready)
    news = judging_.get();
  if (is_old_ && !judging_.valid()) judge();
  return news;
}

/// One at a time: what is asked for meanwhile is done after it.
void CampaignDesk::judge() {
  is_old_ = judging_.valid();
  if (!is_old_) judging_ = std::async(std::launch::async, finished_campaigns, ledger_);
}

}  // namespace benchd::daemon
