#include "daemon/control/keeper.h"

#include <algorithm>
#include <sstream>

#include <nlohmann/json.hpp>

#include "collectors/results/records.h"
#include "daemon/control/control_client.h"
#include "daemon/ledger/ledger.h"
#include "exporters/report/runs.h"

namespace benchd::daemon {
namespace {

using base::Done;
using base::Error;
using base::Result;
using model::Campaign;
using model::RunRecord;
using Json = nlohmann::json;

constexpr int64_t kFirstRest = 50 * base::kMillisecond;
constexpr int64_t kLongestRest = base::kSecond;

class FileKeeper : public Keeper {
 public:
  FileKeeper(std::string path, ledger::Ledger ledger) : path_(std::move(path)), ledger_(std::move(ledger)) {}

  Result<Done> put(const Campaign& campaign) override { return done(ledger_.put(campaign)); }
  Result<Done> put(const RunRecord& run) override { return done(ledger_.put(run)); }
  Result<uint64_t> finish(const std::string& id, int64_t at) override {
    if (const auto finished = ledger_.finish(id, at); !finished.ok()) return finished.error();
    const auto campaign = ledger_.runs().campaign(id);
    if (!campaign.ok()) return campaign.error();
    return *campaign ? (*campaign)->looks : uint64_t{1};
  }
  Result<std::vector<Campaign>> campaigns() override { return ledger_.runs().campaigns(); }
  Result<std::vector<RunRecord>> runs(const std::string& campaign) override {
    ledger::RunFilter filter;
    filter.campaign = campaign;
    return ledger_.runs().runs(filter);
  }
  const std::string& name() const override { return path_; }
  bool is_lost() const override { return false; }

 private:
  static Result<Done> done(const Result<bool>& put) {
    return put.ok() ? Result<Done>(Done{}) : Result<Done>(put.error());
  }

  std::string path_;
  ledger::Ledger ledger_;
};

class DaemonKeeper : public Keeper {
 public:
  DaemonKeeper(ControlClient client, Patience patience)
      : client_(std::move(client)), patience_(std::move(patience)), name_("the ledger of the daemon") {}

  Result<Done> put(const Campaign& campaign) override { return post_records(report::campaign_line(campaign)); }
  Result<Done> put(const RunRecord& run) override { return post_records(report::run_line(run)); }
  Result<uint64_t> finish(const std::string& id, int64_t at) override {
    const auto answer = insist("POST", "/v1/finish", Json{{"campaign", id}, {"at_ns", at}}.dump());
    if (!answer.ok()) return answer.error();
    const Json json = Json::parse(*answer, nullptr, false);
    if (!json.is_object() || !json.contains("looks") || !json["looks"].is_number_unsigned())
      return Error{.code = EPROTO, .attempt = "finish campaign " + id};
    return json["looks"].get<uint64_t>();
  }
  Result<std::vector<Campaign>> campaigns() override {
    std::vector<Campaign> campaigns;
    const auto done = read("/v1/campaigns", {.campaign = [&](Campaign it) -> Result<Done> {
                                               campaigns.push_back(std::move(it));
                                               return Done{};
                                             },
                                             .run = {}});
    if (!done.ok()) return done.error();
    return campaigns;
  }
  Result<std::vector<RunRecord>> runs(const std::string& campaign) override {
    std::vector<RunRecord> runs;
    const auto done = read("/v1/runs?campaign=" + campaign, {.campaign = {}, .run = [&](RunRecord it) -> Result<Done> {
                                                               runs.push_back(std::move(it));
                                                               return Done{};
                                                             }});
    if (!done.ok()) return done.error();
    return runs;
  }
  const std::string& name() const override { return name_; }
  bool is_lost() const override { return lost_; }

 private:
  Result<Done> post_records(const std::string& lines) {
    const auto answer = insist("POST", "/v1/records", lines);
    return answer.ok() ? Result<Done>(Done{}) : Result<Done>(answer.error());
  }

  Result<Done> read(const std::string& target, const results::RecordSink& sink) {
    const auto lines = insist("GET", target, {});
    if (!lines.ok()) return lines.error();
    if (lines->empty()) return Done{};  // of a file that would be a mistake
    std::istringstream in(*lines);
    return results::read_records(in, client_.socket(), sink);
  }

  /// Until there is an answer that asking again would not change, or patience ends.
  Result<std::string> insist(std::string_view method, const std::string& target, std::string_view body) {
    int64_t rest = kFirstRest;
    const base::Instant until = base::now() + patience_.longest;
    for (bool told = false;; rest = std::min(2 * rest, kLongestRest)) {
      auto answer = client_.ask(method, target, body);
      if (answer.ok() && answer->status == 200) {
        lost_ = false;
        return std::move(answer->body);
      }
      Error error = answer.ok() ? error_of(*answer) : answer.error();
      lost_ = !answer.ok() || error.code == EAGAIN;
      if (!lost_ || base::now() + rest > until) return error;
      if (!std::exchange(told, true) && patience_.tell) patience_.tell(error.message());
      if (!patience_.rest || !patience_.rest(rest)) return error;
    }
  }

  ControlClient client_;
  Patience patience_;
  std::string name_;
  bool lost_ = false;
};

}  // namespace

Result<std::unique_ptr<Keeper>> keep_in_file(const std::string& path) {
  auto ledger = ledger::Ledger::open(path);
  if (!ledger.ok()) return ledger.error();
  return std::unique_ptr<Keeper>(std::make_unique<FileKeeper>(path, *std::move(ledger)));
}

Result<std::unique_ptr<Keeper>> keep_at_daemon(const std::string& socket, Patience patience) {
  ControlClient client(socket);
  const auto answer = client.ask("GET", "/v1/ledger");
  if (!answer.ok()) return answer.error();
  if (answer->status != 200) return error_of(*answer);
  return std::unique_ptr<Keeper>(std::make_unique<DaemonKeeper>(std::move(client), std::move(patience)));
}

}  // namespace benchd::daemon
