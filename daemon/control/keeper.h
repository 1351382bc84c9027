#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/run_record.h"

namespace benchd::daemon {

/// Where `bench` keeps a campaign and its runs: in the ledger of a daemon, or in one of its own.
class Keeper {
 public:
  Keeper() = default;
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;
  virtual ~Keeper() = default;

  /// Kept for good once they return.
  virtual base::Result<base::Done> put(const model::Campaign& campaign) = 0;
  virtual base::Result<base::Done> put(const model::RunRecord& run) = 0;
  /// All planned runs are there; returns the looks, this one at the end included.
  virtual base::Result<uint64_t> finish(const std::string& campaign, int64_t at) = 0;

  /// By their start.
  virtual base::Result<std::vector<model::Campaign>> campaigns() = 0;
  /// In the order of their starts.
  virtual base::Result<std::vector<model::RunRecord>> runs(const std::string& campaign) = 0;

  /// For people: "/home/x/ledger.db", "the ledger of the daemon".
  virtual const std::string& name() const = 0;
  /// The last error was that whoever keeps them does not answer any more: what is kept is kept, and may be gone on
  /// with.
  virtual bool is_lost() const = 0;
};

/// How long to wait for a daemon that does not answer (it may be restarting), and what else to do meanwhile.
struct Patience {
  int64_t longest = 30 * base::kSecond;
  /// Rests for so many nanoseconds. False: the user does not want to wait.
  std::function<bool(int64_t nanoseconds)> rest;
  /// Told once each time that waiting begins.
  std::function<void(const std::string& what)> tell;
};

/// A ledger file of one's own, which nobody else writes to meanwhile.
base::Result<std::unique_ptr<Keeper>> keep_in_file(const std::string& path);

/// The daemon's behind `socket`. An Error where none answers: ENOENT and ECONNREFUSED where there is none, EACCES where
/// this user may not ask it.
base::Result<std::unique_ptr<Keeper>> keep_at_daemon(const std::string& socket, Patience patience);

}  // namespace benchd::daemon
