#include "daemon/control/control_server.h"

#include <filesystem>
#include <sstream>
#include <utility>

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include "base/text.h"
#include "collectors/results/records.h"
#include "exporters/report/runs.h"

namespace benchd::daemon {
namespace {

using base::Done;
using base::Error;
using base::Result;
using Json = nlohmann::json;

/// Few clients, which are trusted: a run with the distributions of many kinds of tasks is long.
constexpr http::Limits kLimits{
    .connections = 8, .body_bytes = 16 << 20, .stop_timeout = std::chrono::milliseconds(200)};
/// The owner's and its group's.
constexpr unsigned kMode = 0660;
/// Who got no answer asks again within seconds.
constexpr size_t kAnswersKept = 64;

http::Response json_response(unsigned status, std::string body) {
  http::Response response = http::make_response(status, std::move(body));
  response.content_type = "application/json";
  return response;
}

http::Response refusal(unsigned status, const Error& error) {
  return json_response(status, Json{{"error", base::to_utf8(error.message())}}.dump() + '\n');
}

unsigned status_of(const Error& error) {
  return error.code == ENOENT ? 404 : error.code == EEXIST ? 409 : 503;
}

struct Records {
  std::vector<model::Campaign> campaigns;
  std::vector<model::RunRecord> runs;
};

Result<Records> parse_records(const std::string& body) {
  Records records;
  std::istringstream in(body);
  const auto done = results::read_records(in, "request",
                                          {.campaign = [&](model::Campaign campaign) -> Result<Done> {
                                             records.campaigns.push_back(std::move(campaign));
                                             return Done{};
                                           },
                                           .run = [&](model::RunRecord run) -> Result<Done> {
                                             records.runs.push_back(std::move(run));
                                             return Done{};
                                           }});
  if (!done.ok()) return done.error();
  return records;
}

Result<bool> put_run(ledger::RunTables& tables, const model::RunRecord& run) {
  const auto campaign = tables.reader().campaign(run.campaign);
  if (!campaign.ok()) return campaign.error();
  if (!*campaign) return Error{.code = ENOENT, .attempt = "find campaign " + run.campaign + " of run " + run.id};
  auto is_new = tables.put(run);
  if (is_new.ok() && *is_new && (*campaign)->finished_at)
    return Error{.code = EEXIST, .attempt = "run " + run.id + ": its campaign is finished"};
  return is_new;
}

Result<std::string> put_all(ledger::RunTables& tables, const Records& records) {
  uint64_t added = 0;
  for (const model::Campaign& campaign : records.campaigns) {
    const auto put = tables.put(campaign);
    if (!put.ok()) return put.error();
    added += *put ? 1 : 0;
  }
  for (const model::RunRecord& run : records.runs) {
    const auto put = put_run(tables, run);
    if (!put.ok()) return put.error();
    added += *put ? 1 : 0;
  }
  return Json{{"new", added}}.dump() + '\n';
}

Result<std::string> looks_of(ledger::RunTables& tables, const std::string& campaign) {
  const auto found = tables.reader().campaign(campaign);
  if (!found.ok()) return found.error();
  if (!*found) return Error{.code = ENOENT, .attempt = "find campaign " + campaign};
  return Json{{"looks", (*found)->looks}}.dump() + '\n';
}

/// A member of a request's body.
std::optional<std::string> text_in(const Json& json, const char* name) {
  if (!json.is_object() || !json.contains(name) || !json[name].is_string()) return std::nullopt;
  return json[name].get<std::string>();
}

}  // namespace

ControlServer::ControlServer(std::string ledger) : ledger_(std::move(ledger)), server_(kLimits, "control") {
  server_.on_fault([](const std::string& what) { spdlog::error("a fault on the control socket: {}", what); });
  server_.route("/v1/ledger", [this](const auto&, auto responder) {
    responder.send(json_response(200, Json{{"path", ledger_}}.dump() + '\n'));
  });
  server_.route("/v1/campaigns", [this](const auto&, auto responder) {
    responder.send(read([](ledger::RunReader reader) -> Result<std::string> {
      const auto campaigns = reader.campaigns();
      if (!campaigns.ok()) return campaigns.error();
      std::string lines;
      for (const model::Campaign& it : *campaigns) lines += report::campaign_line(it);
      return lines;
    }));
  });
  server_.route("/v1/runs", [this](const http::Request& request, auto responder) {
    std::string_view id = request.query;
    if (base::cut(id, '=') != "campaign" || id.empty())
      return responder.send(refusal(400, {.attempt = "found \"" + request.query + "\", allowed is campaign=ID"}));
    responder.send(read([&](ledger::RunReader reader) -> Result<std::string> {
      std::string lines;
      ledger::RunFilter filter;
      filter.campaign = std::string(id);
      const auto done = reader.each_run(filter, [&lines](const model::RunRecord& run) -> Result<Done> {
        lines += report::run_line(run);
        return Done{};
      });
      if (!done.ok()) return done.error();
      return lines;
    }));
  });
  server_.route_post("/v1/records",
                     [this](const auto& request, auto responder) { take_records(request, std::move(responder)); });
  server_.route_post("/v1/finish",
                     [this](const auto& request, auto responder) { take_finish(request, std::move(responder)); });
  server_.route_post("/v1/look",
                     [this](const auto& request, auto responder) { take_look(request, std::move(responder)); });
}

Result<Done> ControlServer::listen(const std::string& path) {
  const std::string directory = std::filesystem::path(path).parent_path();
  if (!directory.empty() && ::mkdir(directory.c_str(), 0755) != 0 && errno != EEXIST)
    return base::errno_error("make " + directory);
  return server_.listen_unix(path, kMode);
}

http::Response ControlServer::read(const std::function<Result<std::string>(ledger::RunReader)>& read) const {
  auto view = ledger::LedgerView::open(ledger_);
  if (!view.ok()) return refusal(503, view.error());
  auto text = read(view->runs());
  return text.ok() ? json_response(200, *std::move(text)) : refusal(503, text.error());
}

void ControlServer::queue(Job job) {
  const std::lock_guard lock(mutex_);
  jobs_.push_back(std::move(job));
  waiting_.notify();
}

void ControlServer::take_records(const http::Request& request, http::Responder responder) {
  auto records = parse_records(request.body);
  if (!records.ok()) return responder.send(refusal(400, records.error()));
  const auto all = std::make_shared<const Records>(*std::move(records));
  queue(
      {.write = [all](ledger::RunTables& tables) { return put_all(tables, *all); }, .responder = std::move(responder)});
}

void ControlServer::take_finish(const http::Request& request, http::Responder responder) {
  const Json json = Json::parse(request.body, nullptr, false);
  const auto campaign = text_in(json, "campaign");
  if (!campaign || !json.contains("at_ns") || !json["at_ns"].is_number_integer())
    return responder.send(refusal(400, {.attempt = "allowed is {\"campaign\": ID, \"at_ns\": UNIX TIME}"}));
  queue(
      {.write = [id = *campaign, at = json["at_ns"].get<int64_t>()](ledger::RunTables& tables) -> Result<std::string> {
         if (const auto done = tables.finish(id, at); !done.ok()) return done.error();
         return looks_of(tables, id);
       },
       .responder = std::move(responder),
       .finishes = true});
}

void ControlServer::take_look(const http::Request& request, http::Responder responder) {
  const Json json = Json::parse(request.body, nullptr, false);
  const auto campaign = text_in(json, "campaign");
  const auto which = text_in(json, "request");
  if (!campaign || !which)
    return responder.send(refusal(400, {.attempt = "allowed is {\"campaign\": ID, \"request\": TEXT}"}));
  queue({.write = [id = *campaign](ledger::RunTables& tables) -> Result<std::string> {
           const auto found = tables.reader().campaign(id);
           if (!found.ok()) return found.error();
           if (*found && (*found)->finished_at)
             return Error{.code = EEXIST, .attempt = "campaign " + id + " is finished: its last look is counted"};
           if (const auto look = tables.record_look(id); !look.ok()) return look.error();
           return looks_of(tables, id);
         },
         .responder = std::move(responder),
         .once = "look " + *campaign + ' ' + *which});
}

const std::string* ControlServer::answer_before(const Job& job) const {
  if (job.once.empty()) return nullptr;
  for (const auto& [request, answer] : answers_)
    if (request == job.once) return &answer;
  return nullptr;
}

ControlServer::Worked ControlServer::work(const Writer& write) {
  waiting_.drain();
  std::vector<Job> jobs;
  {
    const std::lock_guard lock(mutex_);
    jobs.swap(jobs_);
  }
  Worked worked;
  for (const Job& job : jobs) {
    if (const std::string* before = answer_before(job)) {
      job.responder.send(json_response(200, *before));
      continue;
    }
    std::string answer;
    const auto done = write([&](ledger::RunTables& tables) -> Result<Done> {
      auto written = job.write(tables);
      if (!written.ok()) return written.error();
      answer = *std::move(written);
      return Done{};
    });
    if (done.ok()) {
      worked.finished |= job.finishes;
      if (!job.once.empty()) answers_.emplace_back(job.once, answer);
      if (answers_.size() > kAnswersKept) answers_.pop_front();
      job.responder.send(json_response(200, std::move(answer)));
      continue;
    }
    const unsigned status = status_of(done.error());
    worked.refused += status == 409 ? 1 : 0;
    job.responder.send(refusal(status, done.error()));
  }
  return worked;
}

}  // namespace benchd::daemon
