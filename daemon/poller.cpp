#include "daemon/poller.h"

#include <array>
#include <cerrno>
#include <system_error>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace benchd::daemon {
namespace {

/// These calls fail only where the process is out of fds or kernel memory at start: nothing can go on without them.
int required(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

timespec to_timespec(int64_t nanoseconds) {
  return {.tv_sec = nanoseconds / base::kSecond, .tv_nsec = nanoseconds % base::kSecond};
}

}  // namespace

Poller::Poller() : epoll_(required(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")) {}

void Poller::add(int fd, std::function<void()> ready) {
  epoll_event event{.events = EPOLLIN, .data = {.u64 = entries_.size()}};
  required(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
  entries_.push_back({fd, std::move(ready)});
}

void Poller::wait() {
  std::array<epoll_event, 16> events;
  const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), -1);
  if (count < 0 && errno != EINTR) required(count, "epoll_wait");
  for (size_t entry = 0; entry < entries_.size(); ++entry) {
    for (int i = 0; i < count; ++i) {
      if (events[static_cast<size_t>(i)].data.u64 == entry) entries_[entry].ready();
    }
  }
}

Wakeup::Wakeup() : fd_(required(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")) {}

void Wakeup::notify() {
  const uint64_t one = 1;
  // EAGAIN means that the counter is full: it is readable already.
  [[maybe_unused]] const ssize_t written = ::write(fd_.get(), &one, sizeof one);
}

void Wakeup::drain() {
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(fd_.get(), &count, sizeof count);
}

Ticker::Ticker(int64_t interval)
    : fd_(required(::timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK), "timerfd_create")),
      interval_(interval) {
  arm(interval_);
}

void Ticker::set_interval(int64_t interval) {
  interval_ = interval;
  arm(interval_);
}

void Ticker::postpone(int64_t delay) {
  arm(delay);
}

void Ticker::arm(int64_t first) const {
  const itimerspec spec{.it_interval = to_timespec(interval_), .it_value = to_timespec(base::now() + first)};
  required(::timerfd_settime(fd_.get(), TFD_TIMER_ABSTIME, &spec, nullptr), "timerfd_settime");
}

uint64_t Ticker::elapsed() {
  uint64_t count = 0;
  return ::read(fd_.get(), &count, sizeof count) == sizeof count ? count : 0;
}

}  // namespace benchd::daemon
