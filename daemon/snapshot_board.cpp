#include "daemon/snapshot_board.h"

#include <algorithm>

namespace benchd::daemon {

SnapshotBoard::View& SnapshotBoard::View::operator=(View&& other) noexcept {
  std::swap(board_, other.board_);
  std::swap(snapshot_, other.snapshot_);
  return *this;
}

SnapshotBoard::View::~View() {
  if (snapshot_ != nullptr) board_->release(snapshot_);
}

SnapshotBoard::SnapshotBoard() : newest_(slots_.emplace_back(std::make_unique<Slot>()).get()) {}

SnapshotBoard::View SnapshotBoard::newest() {
  const std::lock_guard lock(mutex_);
  ++newest_->viewers;
  return {this, &newest_->snapshot};
}

void SnapshotBoard::release(const model::Snapshot* snapshot) {
  const std::lock_guard lock(mutex_);
  const auto slot = std::find_if(slots_.begin(), slots_.end(), [&](const auto& s) { return &s->snapshot == snapshot; });
  --(*slot)->viewers;
}

model::Snapshot& SnapshotBoard::draft() {
  const std::lock_guard lock(mutex_);
  if (draft_ == nullptr) {
    const auto idle = std::find_if(slots_.begin(), slots_.end(),
                                   [&](const auto& s) { return s.get() != newest_ && s->viewers == 0; });
    draft_ = idle != slots_.end() ? idle->get() : slots_.emplace_back(std::make_unique<Slot>()).get();
  }
  return draft_->snapshot;
}

void SnapshotBoard::publish() {
  const std::lock_guard lock(mutex_);
  newest_ = std::exchange(draft_, nullptr);
}

}  // namespace benchd::daemon
