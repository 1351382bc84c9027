#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "daemon/self_metrics.h"
#include "daemon/snapshot_board.h"
#include "daemon/tasks/task_history.h"
#include "exporters/http/gzip.h"
#include "exporters/http/negotiate.h"
#include "exporters/http/server.h"
#include "exporters/page/page.h"
#include "exporters/prometheus/renderer.h"

namespace benchd::daemon {

/// Everything that HTTP clients see: /metrics, /api/v1/{containers,workloads,tasks}, /, /-/healthy, /-/ready.
///
/// A scrape of /metrics first asks the sampler for a fresh reading, because an old value under a new scrape time makes
/// rates wrong: all scrapes that wait share one (single flight), and after a second without one they are answered with
/// the last, counted. The other paths answer from the last snapshot.
class Web {
 public:
  struct Parts {
    SnapshotBoard& board;
    std::function<void()>
        ask_for_reading;  ///< wakes the sampler, which then calls on_published(); called on the web thread
    std::function<SelfCounts()> self_counts;  ///< called on the web thread
    const TaskHistory& tasks;
    std::function<std::vector<model::UnmatchedLines>()> unmatched;  ///< called on the web thread
    std::function<std::vector<model::RuleUse>()> rule_uses;         ///< likewise
    std::string proc;
    http::Limits limits;
  };

  explicit Web(Parts parts);

  /// Binds; clients queue up until start().
  base::Result<base::Done> listen(const std::string& address) { return server_.listen(address); }
  /// Serves on a thread of its own until stop().
  base::Result<base::Done> start() { return server_.start(); }
  void stop() { server_.stop(); }
  uint16_t port() const { return server_.port(); }

  /// The sampler has published what ask_for_reading() asked for. Any thread.
  void on_published();

 private:
  struct Waiting {
    http::Responder responder;
    exposition::Format format;
    http::Encoding encoding;
  };

  void scrape(const http::Request& request, http::Responder responder);
  http::Response tasks(const http::Request& request);
  void answer_scrapes();
  std::shared_ptr<const std::string> metrics_text(exposition::Format format);

  Parts parts_;
  std::vector<Waiting> waiting_;
  uint64_t flight_ = 0;  ///< counts the answered flights, so that the timeout of an answered one does nothing
  uint64_t stale_scrapes_ = 0;
  exposition::Renderer renderer_;
  std::shared_ptr<std::string> text_;
  http::Gzip gzip_;
  page::Page page_;
  http::Server server_;  ///< last: its thread uses all of the above
};

}  // namespace benchd::daemon
