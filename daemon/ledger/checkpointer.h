#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/result.h"
#include "daemon/ledger/database.h"

namespace benchd::ledger {

/// Carries committed pages from the log into the database file, on a thread and a connection of its own: a checkpoint
/// waits for the disk, which whoever commits between two readings must not.
class Checkpointer {
 public:
  static base::Result<std::unique_ptr<Checkpointer>> start(const std::string& path);
  ~Checkpointer();
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

  /// The log is long enough for a checkpoint. Any thread; does not wait.
  void wanted();

 private:
  explicit Checkpointer(Database database);
  void run();

  Database database_;  ///< the thread's alone
  std::mutex mutex_;   ///< guards the two below
  bool wanted_ = false;
  bool stop_ = false;
  std::condition_variable changed_;
  std::thread thread_;
};

}  // namespace benchd::ledger
