#include "daemon/campaign/run_watch.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <poll.h>
#include <sched.h>
#include <unistd.h>

#include "daemon/campaign/measure/run_course.h"

namespace benchd::campaign {
namespace {

using base::Instant;
using base::Result;

/// The kernel tells of an empty cgroup up to 10 ms late: it is asked again as often, once the process has ended.
constexpr int64_t kAskAgain = 2 * base::kMillisecond;
/// Kernels from 6.18 on call a cgroup empty a moment after its last process can be waited for.
constexpr int64_t kMoment = base::kMillisecond / 2;

class Watcher {
 public:
  Watcher(RunWatch& watch, Instant began)
      : watch_(watch),
        running_(watch.process >= 0),
        buffer_(65536),
        cpus_(base::parse_cpu_list(watch.variant.cpus).value_or(base::CpuSet())),
        course_(watch.cgroup, cpus_, began) {
    if (watch.variant.timeout_ns) timeout_ = began + *watch.variant.timeout_ns;
    if (watch.variant.until.duration_ns) cut_ = began + *watch.variant.until.duration_ns;
  }

  Result<RunEnd> run() {
    for (;;) {
      std::array<pollfd, 5> waits = {pollfd{.fd = running_ ? watch_.process : -1, .events = POLLIN},
                                     pollfd{.fd = running_ ? -1 : watch_.cgroup.events(), .events = POLLPRI},
                                     pollfd{.fd = watch_.output ? watch_.output.get() : -1, .events = POLLIN},
                                     pollfd{.fd = watch_.interrupts.fd(), .events = POLLIN},
                                     pollfd{.fd = watch_.services.fd(), .events = POLLIN}};
      const timespec left = patience(base::now());
      if (::ppoll(waits.data(), waits.size(), &left, nullptr) < 0 && errno != EINTR)
        return base::errno_error("wait for " + watch_.cgroup.path());
      const Instant now = base::now();
      if (waits[2].revents != 0) drain();
      if (waits[3].revents != 0 && watch_.interrupts.seen()) {
        end_.interrupted = true;
        watch_.cgroup.kill();
        return end_;
      }
      if (waits[4].revents != 0)
        if (const auto up = watch_.services.check_up(); !up.ok()) {
          watch_.cgroup.kill();
          return up.error();
        }
      if (is_over(waits[0].revents != 0)) {
        end_.at = now;
        end_.course = course_.take();
        end_.cpu_frequency_hz = course_.frequency_hz();
        drain();
        return end_;
      }
      look_at_the_clock(now);
      course_.read(now);
    }
  }

 private:
  timespec patience(Instant now) const {
    Instant wake = course_.next();
    const auto by = [&](std::optional<Instant> at) {
      if (at) wake = std::min(wake, *at);
    };
    if (!killed_) {
      by(timeout_);
      by(cut_);
    }
    if (!running_) by(now + kAskAgain);
    const int64_t left = std::max<int64_t>(0, wake - now);
    return timespec{.tv_sec = left / base::kSecond, .tv_nsec = left % base::kSecond};
  }

  bool is_over(bool process_ended) {
    if (running_ && !process_ended) return false;
    if (!running_) return !watch_.cgroup.populated();
    watch_.ended();
    running_ = false;
    const Instant now = base::now();
    while (watch_.cgroup.populated()) {
      if (base::now() - now > kMoment) return false;
      ::sched_yield();
    }
    return true;
  }

  void look_at_the_clock(Instant now) {
    if (killed_) return;
    const bool tasks_done = watch_.variant.until.tasks && watch_.tasks() >= *watch_.variant.until.tasks;
    end_.cut = tasks_done || (cut_ && now >= *cut_);
    end_.timed_out = !end_.cut && timeout_ && now >= *timeout_;
    if (!end_.cut && !end_.timed_out) return;
    killed_ = true;
    watch_.cgroup.kill();
  }

  void drain() {
    while (watch_.output) {
      const ssize_t got = ::read(watch_.output.get(), buffer_.data(), buffer_.size());
      if (got < 0 && errno == EINTR) continue;
      if (got == 0) watch_.output.reset();
      if (got <= 0) return;
      watch_.take({buffer_.data(), static_cast<size_t>(got)});
    }
  }

  RunWatch& watch_;
  bool running_;  ///< the run's own process
  bool killed_ = false;
  std::optional<Instant> timeout_;
  std::optional<Instant> cut_;
  std::vector<char> buffer_;
  const base::CpuSet cpus_;
  RunCourse course_;
  RunEnd end_;
};

}  // namespace

Result<RunEnd> watch(RunWatch& watch, base::Instant began) {
  return Watcher(watch, began).run();
}

}  // namespace benchd::campaign
