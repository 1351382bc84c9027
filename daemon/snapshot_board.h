#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "model/snapshot.h"

namespace benchd::daemon {

/// Where the sampler shows its newest snapshot and everybody else looks at it. Snapshots are used again once nobody
/// looks at them any more, so that publishing allocates nothing in steady state. (std::atomic<std::shared_ptr> is a
/// data race in g++ 12's library, and a shared_ptr made anew per snapshot is an allocation: hence a mutex and a pool.)
class SnapshotBoard {
 public:
  /// A snapshot that stays as it is while this lives. Movable, any thread; must not outlive the board.
  class View {
   public:
    View(View&& other) noexcept : board_(other.board_), snapshot_(std::exchange(other.snapshot_, nullptr)) {}
    View& operator=(View&& other) noexcept;
    View(const View&) = delete;
    View& operator=(const View&) = delete;
    ~View();

    const model::Snapshot& operator*() const { return *snapshot_; }
    const model::Snapshot* operator->() const { return snapshot_; }

   private:
    friend class SnapshotBoard;
    View(SnapshotBoard* board, const model::Snapshot* snapshot) : board_(board), snapshot_(snapshot) {}

    SnapshotBoard* board_;
    const model::Snapshot* snapshot_;
  };

  SnapshotBoard();

  /// The newest snapshot; before the first publish an empty one taken at 0.
  View newest();

  /// For the sampler's thread alone: a snapshot nobody looks at, with the content and capacity of an older one, to be
  /// filled and then published. At most one draft at a time.
  model::Snapshot& draft();
  void publish();

 private:
  struct Slot {
    model::Snapshot snapshot;
    int viewers = 0;
  };
  void release(const model::Snapshot* snapshot);

  std::mutex mutex_;                          ///< guards everything below but the draft's content
  std::vector<std::unique_ptr<Slot>> slots_;  ///< as many as were ever looked at at once, plus newest and draft
  Slot* newest_;
  Slot* draft_ = nullptr;
};

}  // namespace benchd::daemon
