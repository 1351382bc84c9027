#pragma once

#include <csignal>

#include <sys/signalfd.h>

#include "base/fd.h"

namespace benchd::base {

/// Takes SIGINT, SIGTERM and SIGHUP out of the way as long as it lives: they no longer end the process, but can be
/// waited for and asked about. To be made before there are other threads.
class Interrupts {
 public:
  Interrupts() {
    ::sigemptyset(&signals_);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&signals_, signal);
    ::pthread_sigmask(SIG_BLOCK, &signals_, &before_);
    fd_.reset(::signalfd(-1, &signals_, SFD_CLOEXEC | SFD_NONBLOCK));
  }
  ~Interrupts() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  /// Readable from the first signal on until seen() is asked.
  int fd() const { return fd_.get(); }

  /// Whether one has come, ever.
  bool seen() {
    signalfd_siginfo info{};
    while (::read(fd_.get(), &info, sizeof info) == sizeof info) seen_ = true;
    return seen_;
  }

 private:
  sigset_t signals_{};
  sigset_t before_{};
  Fd fd_;
  bool seen_ = false;
};

}  // namespace benchd::base
