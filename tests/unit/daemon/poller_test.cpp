#include "daemon/poller.h"

#include <thread>

#include <gtest/gtest.h>
#include <poll.h>

namespace benchd::daemon {
namespace {

using base::kMillisecond;
using base::kSecond;

bool readable(int fd, int milliseconds) {
  pollfd wait{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&wait, 1, milliseconds) == 1;
}

TEST(Ticker, TicksAgainAndAgainAndTellsHowManyPassed) {
  Ticker ticker(kMillisecond);
  ASSERT_TRUE(readable(ticker.fd(), 10'000));
  EXPECT_GE(ticker.elapsed(), 1u);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_GT(ticker.elapsed(), 1u);
}

TEST(Ticker, TellsNothingTwice) {
  Ticker ticker(3600 * kSecond);
  EXPECT_EQ(ticker.elapsed(), 0u);
  ticker.set_interval(kMillisecond);
  ASSERT_TRUE(readable(ticker.fd(), 10'000));
  ticker.set_interval(3600 * kSecond);
  EXPECT_EQ(ticker.elapsed(), 0u);
}

TEST(Ticker, PostponedOnceComesAtItsIntervalAfterwards) {
  Ticker ticker(kMillisecond);
  ticker.postpone(3600 * kSecond);
  EXPECT_FALSE(readable(ticker.fd(), 50));
  ticker.postpone(kMillisecond);
  ASSERT_TRUE(readable(ticker.fd(), 10'000));
  ticker.elapsed();
  EXPECT_TRUE(readable(ticker.fd(), 10'000));
}

TEST(Poller, CallsWhatIsReadyInTheOrderOfRegistration) {
  Poller poller;
  Wakeup first;
  Wakeup second;
  Wakeup third;
  std::string called;
  poller.add(first.fd(), [&] { called += '1'; });
  poller.add(second.fd(), [&] { called += '2'; });
  poller.add(third.fd(), [&] { called += '3'; });
  third.notify();
  first.notify();
  poller.wait();
  EXPECT_EQ(called, "13");
}

TEST(Wakeup, IsReadableUntilDrainedHoweverOftenNotified) {
  Wakeup wakeup;
  EXPECT_FALSE(readable(wakeup.fd(), 0));
  std::thread([&] {
    for (int i = 0; i < 100; ++i) wakeup.notify();
  }).join();
  EXPECT_TRUE(readable(wakeup.fd(), 0));
  wakeup.drain();
  EXPECT_FALSE(readable(wakeup.fd(), 0));
}

}  // namespace
}  // namespace benchd::daemon
