#include "collectors/runtimes/question_queue.h"

#include <gtest/gtest.h>

namespace benchd::runtimes {
namespace {

using namespace std::chrono_literals;

constexpr QuestionQueue::TimePoint kStart{};

TEST(QuestionQueue, GivesWhatHasBeenDueLongestAndNothingEarly) {
  QuestionQueue queue;
  EXPECT_FALSE(queue.next_due());
  EXPECT_FALSE(queue.take(kStart));
  queue.put({.runtime_id = "later"}, kStart + 2s);
  queue.put({.runtime_id = "sooner", .attempt = 3}, kStart + 1s);
  EXPECT_EQ(queue.next_due(), kStart + 1s);
  EXPECT_FALSE(queue.take(kStart));
  const auto first = queue.take(kStart + 5s);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->runtime_id, "sooner");
  EXPECT_EQ(first->attempt, 3U);
  EXPECT_EQ(queue.take(kStart + 5s)->runtime_id, "later");
  EXPECT_FALSE(queue.take(kStart + 5s));
}

TEST(QuestionQueue, KeepsOneQuestionAContainerTheNewest) {
  QuestionQueue queue;
  queue.put({.runtime_id = "a", .attempt = 7}, kStart + 9s);
  queue.put({.runtime_id = "a"}, kStart + 1s);
  EXPECT_EQ(queue.take(kStart + 1s)->attempt, 0U);
  EXPECT_FALSE(queue.take(kStart + 9s));
  queue.put({.runtime_id = "a"}, kStart + 3s);
  EXPECT_TRUE(queue.take(kStart + 3s));
}

}  // namespace
}  // namespace benchd::runtimes
