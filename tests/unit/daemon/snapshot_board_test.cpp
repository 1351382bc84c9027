#include "daemon/snapshot_board.h"

#include <atomic>
#include <optional>
#include <thread>

#include <gtest/gtest.h>

namespace benchd::daemon {
namespace {

void publish(SnapshotBoard& board, base::Instant taken) {
  board.draft().taken = taken;
  board.publish();
}

TEST(SnapshotBoard, ShowsAnEmptySnapshotBeforeTheFirst) {
  SnapshotBoard board;
  EXPECT_EQ(board.newest()->taken, 0);
  EXPECT_TRUE(board.newest()->containers.empty());
}

TEST(SnapshotBoard, ADraftIsNotSeenUntilPublished) {
  SnapshotBoard board;
  publish(board, 1);
  board.draft().taken = 2;
  EXPECT_EQ(board.newest()->taken, 1);
  board.publish();
  EXPECT_EQ(board.newest()->taken, 2);
}

TEST(SnapshotBoard, AViewKeepsItsSnapshotWhileNewOnesArePublished) {
  SnapshotBoard board;
  publish(board, 1);
  const auto view = board.newest();
  for (base::Instant taken = 2; taken < 10; ++taken) publish(board, taken);
  EXPECT_EQ(view->taken, 1);
  EXPECT_EQ(board.newest()->taken, 9);
}

TEST(SnapshotBoard, UsesASnapshotAgainOnceNobodyLooks) {
  SnapshotBoard board;
  publish(board, 1);
  std::optional view = board.newest();
  const model::Snapshot* first = &**view;
  publish(board, 2);
  EXPECT_NE(&board.draft(), first);
  board.publish();
  view.reset();
  bool used_again = false;
  for (int i = 0; i < 4; ++i) {
    used_again |= &board.draft() == first;
    board.publish();
  }
  EXPECT_TRUE(used_again);
}

TEST(SnapshotBoard, ReadersNeverSeeASnapshotThatIsBeingWritten) {
  SnapshotBoard board;
  std::atomic<bool> stop = false;
  std::atomic<int> torn = 0;
  std::thread reader([&] {
    while (!stop) {
      const auto view = board.newest();
      if (view->taken != view->wall_offset) ++torn;
    }
  });
  for (base::Instant taken = 1; taken < 50'000; ++taken) {
    model::Snapshot& draft = board.draft();
    draft.taken = taken;
    draft.wall_offset = taken;
    board.publish();
  }
  stop = true;
  reader.join();
  EXPECT_EQ(torn, 0);
}

}  // namespace
}  // namespace benchd::daemon
