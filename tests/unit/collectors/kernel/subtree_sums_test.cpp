#include "collectors/kernel/subtree_sums.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace benchd::kernel {
namespace {

using testing::ElementsAre;

constexpr uint64_t kRoot = 1;
constexpr uint64_t kSlice = 2;
constexpr uint64_t kContainer = 10;
constexpr uint64_t kChild = 11;
constexpr uint64_t kGrandchild = 12;

constexpr uint64_t kWalk = 5;

thread_sums threads(uint64_t parent, uint64_t on_cpu, uint64_t alive_threads = 1) {
  return {.parent = parent, .times = {.on_cpu = on_cpu}, .walk = kWalk, .threads = alive_threads};
}

class Subtrees : public testing::Test {
 protected:
  Subtrees() {
    sums_.track(kContainer);
    sums_.live(kRoot, threads(0, 1000), kWalk);
    sums_.live(kSlice, threads(kRoot, 100), kWalk);
    sums_.live(kContainer, threads(kSlice, 1), kWalk);
    sums_.live(kChild, threads(kContainer, 2), kWalk);
    sums_.live(kGrandchild, threads(kChild, 4), kWalk);
    sums_.add_up();
  }

  SubtreeSums sums_;
};

TEST_F(Subtrees, AContainerHasWhatAllCgroupsBelowItDid) {
  EXPECT_EQ(sums_.subtree(kContainer).threads.on_cpu, 7u);
  EXPECT_EQ(sums_.subtree(kContainer).alive_threads, 3u);
}

TEST_F(Subtrees, AContainerInAContainerCountsInBoth) {
  sums_.track(kChild);
  sums_.add_up();
  EXPECT_EQ(sums_.subtree(kContainer).threads.on_cpu, 7u);
  EXPECT_EQ(sums_.subtree(kChild).threads.on_cpu, 6u);
}

TEST_F(Subtrees, AnOldCountOfThreadsIsNone) {
  sums_.live(kGrandchild, threads(kChild, 4), kWalk + 1);
  sums_.add_up();
  EXPECT_EQ(sums_.subtree(kContainer).alive_threads, 2u);
}

TEST_F(Subtrees, AContainerIsAwakeWhereACgroupBelowItIs) {
  EXPECT_FALSE(sums_.subtree(kContainer).awake);
  thread_sums busy = threads(kChild, 4);
  busy.awake = kWalk;
  sums_.live(kGrandchild, busy, kWalk);
  sums_.add_up();
  EXPECT_TRUE(sums_.subtree(kContainer).awake);
  sums_.live(kGrandchild, busy, kWalk + 1);
  sums_.add_up();
  EXPECT_FALSE(sums_.subtree(kContainer).awake);
}

TEST_F(Subtrees, MovesCountWhereTheyWereAndAbove) {
  thread_sums moved = threads(kChild, 4);
  moved.moves = 3;
  sums_.live(kGrandchild, moved, kWalk);
  sums_.add_up();
  EXPECT_EQ(sums_.subtree(kContainer).moves, 3u);
}

TEST_F(Subtrees, WhatARemovedCgroupDidStays) {
  sums_.removed(kGrandchild, kChild, {.cpu = {.by_cpu = {5, 6}, .user = 1}, .threads = {.on_cpu = 40}});
  sums_.add_up();
  EXPECT_EQ(sums_.subtree(kContainer).threads.on_cpu, 1u + 2u + 40u);
  EXPECT_THAT(sums_.subtree(kContainer).removed.by_cpu, ElementsAre(5, 6));
  sums_.removed(kChild, kContainer, {.cpu = {.by_cpu = {1, 1}}, .threads = {.on_cpu = 20}});
  sums_.add_up();
  EXPECT_EQ(sums_.subtree(kContainer).threads.on_cpu, 1u + 20u + 40u);
  EXPECT_THAT(sums_.subtree(kContainer).removed.by_cpu, ElementsAre(6, 7));
}

TEST_F(Subtrees, AFinalIsTheSumOverAllThatWereEverBelow) {
  sums_.removed(kGrandchild, kChild, {.cpu = {.by_cpu = {5, 6}, .user = 1, .system = 2}, .threads = {.alive = 7}});
  sums_.removed(kChild, kContainer, {.cpu = {.by_cpu = {10, 0}, .user = 3}, .threads = {.alive = 8}});
  const auto all = sums_.removed(kContainer, kSlice, {.cpu = {.by_cpu = {100, 0}}, .threads = {.alive = 9}});
  EXPECT_THAT(all.cpu.by_cpu, ElementsAre(115, 6));
  EXPECT_EQ(all.cpu.user, 4u);
  EXPECT_EQ(all.cpu.system, 2u);
  EXPECT_EQ(all.threads.alive, 24u);
}

TEST_F(Subtrees, ARemovedCgroupThatWasNeverSeenAliveCounts) {
  sums_.removed(99, 98, {.cpu = {.by_cpu = {1}}});
  const auto all = sums_.removed(98, kContainer, {.cpu = {.by_cpu = {2}}});
  EXPECT_THAT(all.cpu.by_cpu, ElementsAre(3));
  sums_.add_up();
  EXPECT_THAT(sums_.subtree(kContainer).removed.by_cpu, ElementsAre(3));
}

TEST_F(Subtrees, ACircleOfParentsEnds) {
  sums_.live(kSlice, threads(kGrandchild, 100), kWalk);
  sums_.add_up();
  EXPECT_GT(sums_.subtree(kContainer).threads.on_cpu, 0u);
}

}  // namespace
}  // namespace benchd::kernel
