#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "base/result.h"

namespace benchd::daemon {

/// Waits for several fds on one thread and calls what was registered for each: the sampler thread's one place to wait.
class Poller {
 public:
  Poller();

  /// Calls `ready` whenever `fd` can be read (level triggered). The fd must stay open as long as the poller lives.
  void add(int fd, std::function<void()> ready);

  /// Waits for at least one fd and calls what is ready, in the order of registration.
  void wait();

 private:
  struct Entry {
    int fd;
    std::function<void()> ready;
  };
  base::Fd epoll_;
  std::vector<Entry> entries_;
};

/// Wakes the poller from any thread: notify() makes fd() readable until drained.
class Wakeup {
 public:
  Wakeup();
  int fd() const { return fd_.get(); }
  void notify();
  void drain();

 private:
  base::Fd fd_;
};

/// A tick at absolute instants of CLOCK_BOOTTIME, one interval apart: a late tick does not shift the next ones.
class Ticker {
 public:
  explicit Ticker(int64_t interval);
  int fd() const { return fd_.get(); }
  void set_interval(int64_t interval);
  /// The next tick comes after `delay` from now, those after it an interval apart again.
  void postpone(int64_t delay);

  /// To be called when fd() is readable: how many ticks have passed since the last call; more than 1 = some were
  /// skipped.
  uint64_t elapsed();

 private:
  void arm(int64_t first) const;

  base::Fd fd_;
  int64_t interval_;
};

}  // namespace benchd::daemon
