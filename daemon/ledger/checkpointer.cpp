#include "daemon/ledger/checkpointer.h"

#include <utility>

#include <pthread.h>

namespace benchd::ledger {

using base::Result;

Result<std::unique_ptr<Checkpointer>> Checkpointer::start(const std::string& path) {
  Result<Database> database = Database::open(path);
  if (!database.ok()) return database.error();
  return std::unique_ptr<Checkpointer>(new Checkpointer(*std::move(database)));
}

Checkpointer::Checkpointer(Database database) : database_(std::move(database)), thread_([this] { run(); }) {
  ::pthread_setname_np(thread_.native_handle(), "ledger");
}

Checkpointer::~Checkpointer() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Checkpointer::wanted() {
  {
    const std::lock_guard lock(mutex_);
    wanted_ = true;
  }
  changed_.notify_one();
}

void Checkpointer::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return wanted_ || stop_; });
    if (stop_) return;
    wanted_ = false;
    lock.unlock();
    // PASSIVE does what it can without making anybody wait. What fails is tried again at the next commit: the log is
    // longer then, and as good as the database.
    (void)database_.execute("PRAGMA wal_checkpoint(PASSIVE)");
    lock.lock();
  }
}

}  // namespace benchd::ledger
