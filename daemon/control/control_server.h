#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "daemon/ledger/run_tables.h"
#include "daemon/poller.h"
#include "exporters/http/server.h"

namespace benchd::daemon {

/// The daemon's end of its unix socket: takes campaigns and runs into the daemon's ledger and counts looks. Whoever may
/// connect may write.
///
///   GET  /v1/ledger             {"path": …}
///   GET  /v1/campaigns          JSON Lines, as `benchd runs export` writes them
///   GET  /v1/runs?campaign=ID   likewise
///   POST /v1/records            campaigns and runs, likewise → {"new": N}. 404: runs of a campaign that is not here;
///                               409: what is here already with other contents, or new runs of a finished campaign
///   POST /v1/finish             {"campaign": ID, "at_ns": …} → {"looks": N}
///   POST /v1/look               {"campaign": ID, "request": any text} → {"looks": N}; 409: it is finished
///
/// 400 is for what is none of these, 503 for a ledger that takes nothing now; errors are {"error": …}. A request is all
/// or nothing, and answered once it is committed: who got no answer may send it again, and what is here already, just
/// so, stays as it is. A look is counted once for each text of its "request", of the last 64 at least; one that is sent
/// again to a daemon which was restarted in between counts again: too many cost some power, too few the confidence.
///
/// Requests are read on a thread of its own, which looks at the ledger through a connection that may only read. What is
/// to be written waits for work(): the ledger has one writer.
class ControlServer {
 public:
  using Change = std::function<base::Result<base::Done>(ledger::RunTables&)>;
  /// Makes a change in a transaction of its own.
  using Writer = std::function<base::Result<base::Done>(const Change&)>;

  explicit ControlServer(std::string ledger);

  /// Makes the socket, and its directory but no more of the path than that. Clients queue up until start().
  base::Result<base::Done> listen(const std::string& path);
  base::Result<base::Done> start() { return server_.start(); }
  void stop() { server_.stop(); }

  /// Readable when there is something to be written.
  int fd() const { return waiting_.fd(); }

  struct Worked {
    uint64_t refused = 0;   ///< requests that contradict what the ledger has
    bool finished = false;  ///< a campaign is
  };
  /// Writes all that waits, and answers.
  Worked work(const Writer& write);

 private:
  /// What is written, and the answer to it.
  using Write = std::function<base::Result<std::string>(ledger::RunTables&)>;
  struct Job {
    Write write;
    http::Responder responder;
    bool finishes = false;
    std::string once;  ///< which request it is, if one that is sent again must not be done again
  };

  void queue(Job job);
  const std::string* answer_before(const Job& job) const;
  http::Response read(const std::function<base::Result<std::string>(ledger::RunReader)>& read) const;
  void take_records(const http::Request& request, http::Responder responder);
  void take_finish(const http::Request& request, http::Responder responder);
  void take_look(const http::Request& request, http::Responder responder);

  const std::string ledger_;
  Wakeup waiting_;
  std::mutex mutex_;  ///< guards jobs_: the server's thread adds, whoever works takes
  std::vector<Job> jobs_;
  std::deque<std::pair<std::string, std::string>> answers_;  ///< to what is done once, the oldest first; of work()
  http::Server server_;                                      ///< last: its thread uses all of the above
};

}  // namespace benchd::daemon
