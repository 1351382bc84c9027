#include "daemon/web.h"

#include <climits>

#include <spdlog/spdlog.h>
#include <unistd.h>

#include "base/text.h"
#include "daemon/options.h"
#include "exporters/api/containers_json.h"
#include "exporters/api/states_json.h"
#include "exporters/api/tasks_json.h"
#include "exporters/api/workloads_json.h"

namespace benchd::daemon {
namespace {

constexpr std::chrono::seconds kLongestWait{1};
constexpr int64_t kUsualWindow = 60 * base::kSecond;

http::Response of_type(std::string content_type, std::string body) {
  http::Response response = http::make_response(200, std::move(body));
  response.content_type = std::move(content_type);
  return response;
}

std::string host_name() {
  char name[HOST_NAME_MAX + 1] = {};
  return ::gethostname(name, HOST_NAME_MAX) == 0 ? name : "";
}

}  // namespace

Web::Web(Parts parts) : parts_(std::move(parts)), page_(host_name(), BENCHD_VERSION), server_(parts_.limits) {
  server_.on_fault([](const std::string& what) { spdlog::error("a fault of benchd's own while serving: {}", what); });
  server_.route("/metrics", [this](const auto& request, auto responder) { scrape(request, std::move(responder)); });
  server_.route("/-/healthy",
                [](const auto&, auto responder) { responder.send(http::make_response(200, "healthy\n")); });
  server_.route("/-/ready", [this](const auto&, auto responder) {
    const bool ready = parts_.board.newest()->taken != 0;
    responder.send(http::make_response(ready ? 200 : 503, ready ? "ready\n" : "no reading yet\n"));
  });
  server_.route("/api/v1/containers", [this](const auto&, auto responder) {
    responder.send(of_type("application/json", api::containers_json(*parts_.board.newest())));
  });
  server_.route("/api/v1/workloads", [this](const auto&, auto responder) {
    responder.send(of_type("application/json", api::workloads_json(*parts_.board.newest())));
  });
  server_.route("/api/v1/tasks", [this](const auto& request, auto responder) { responder.send(tasks(request)); });
  server_.route("/api/v1/tasks/unmatched", [this](const auto&, auto responder) {
    responder.send(of_type("application/json", api::unmatched_json(*parts_.board.newest(), parts_.unmatched())));
  });
  server_.route("/api/v1/tasks/rules", [this](const auto&, auto responder) {
    responder.send(of_type("application/json", api::rules_json(*parts_.board.newest(), parts_.rule_uses())));
  });
  server_.route("/api/v1/states", [this](const auto&, auto responder) {
    responder.send(of_type("application/json", api::states_json(*parts_.board.newest())));
  });
  server_.route("/", [this](const auto&, auto responder) {
    http::Response response = of_type(page::kContentType, page_.render(*parts_.board.newest()));
    response.headers.emplace_back("Content-Security-Policy", page::kContentSecurityPolicy);
    responder.send(std::move(response));
  });
}

http::Response Web::tasks(const http::Request& request) {
  const auto refuse = [](const std::string& why) {
    http::Response response = of_type("application/json", api::error_json(why));
    response.status = 400;
    return response;
  };
  int64_t length = kUsualWindow;
  std::string_view query = request.query;
  while (!query.empty()) {
    std::string_view value = base::cut(query, '&');
    const std::string_view name = base::cut(value, '=');
    if (name != "window") return refuse("found \"" + std::string(name) + "\", allowed is window=DURATION");
    const auto parsed = parse_duration(value);
    if (!parsed.ok()) {
      return refuse("window: found \"" + std::string(value) + "\", allowed is " + parsed.error().attempt);
    }
    length = *parsed;
  }
  const auto windows = parts_.tasks.windows(length);
  if (!windows.ok()) return refuse(windows.error().message());
  return of_type("application/json", api::tasks_json(*parts_.board.newest(), *windows));
}

void Web::scrape(const http::Request& request, http::Responder responder) {
  waiting_.push_back({.responder = std::move(responder),
                      .format = http::choose_format(request.accept),
                      .encoding = http::choose_encoding(request.accept_encoding, request.peer_is_loopback)});
  if (waiting_.size() > 1) return;
  parts_.ask_for_reading();
  server_.post_after(kLongestWait, [this, flight = flight_] {
    if (flight != flight_) return;
    stale_scrapes_ += waiting_.size();
    answer_scrapes();
  });
}

void Web::on_published() {
  server_.post([this] { answer_scrapes(); });
}

void Web::answer_scrapes() {
  ++flight_;
  for (const Waiting& waiting : std::exchange(waiting_, {})) {
    http::Response response;
    response.content_type = std::string(exposition::content_type(waiting.format));
    response.headers.emplace_back("Vary", "Accept, Accept-Encoding");
    response.body = metrics_text(waiting.format);
    auto compressed = waiting.encoding == http::Encoding::Gzip ? gzip_.compress(*response.body) : std::nullopt;
    if (compressed) {
      response.body = std::make_shared<const std::string>(*std::move(compressed));
      response.headers.emplace_back("Content-Encoding", "gzip");
    }
    waiting.responder.send(std::move(response));
  }
}

std::shared_ptr<const std::string> Web::metrics_text(exposition::Format format) {
  const auto snapshot = parts_.board.newest();
  SelfCounts self = parts_.self_counts();
  self.stale_scrapes = stale_scrapes_;
  self.rules = parts_.rule_uses();
  const auto own = self_families(self, process_use(parts_.proc, snapshot->wall_offset), server_.stats(), log_counts());
  // Connections let go of their answers on this thread: a text that nobody holds any more is used again.
  if (text_ == nullptr || text_.use_count() > 1) text_ = std::make_shared<std::string>();
  renderer_.render(*snapshot, base::now(), own, format, *text_);
  return text_;
}

}  // namespace benchd::daemon
