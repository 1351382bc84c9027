#pragma once

#include <exception>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <spdlog/spdlog.h>

#include "base/door.h"
#include "collectors/runtimes/registry.h"

namespace benchd::daemon {

/// A thread of its own for everything that waits for an engine, so that the sampler never does.
class RuntimesThread {
 public:
  RuntimesThread(base::Door& door, const std::vector<std::string>& labels)
      : registry_(io_, door, {.labels = labels}), thread_([this] { run(); }) {}
  ~RuntimesThread() {
    io_.stop();
    thread_.join();
  }
  RuntimesThread(const RuntimesThread&) = delete;
  RuntimesThread& operator=(const RuntimesThread&) = delete;

  runtimes::Registry& registry() { return registry_; }

 private:
  /// What an exception leaves undone here is asked again; the thread goes on.
  void run() {
    for (;;) {
      try {
        io_.run();
        return;
      } catch (const std::exception& fault) {
        spdlog::error("a fault of benchd's own while asking the runtimes: {}", fault.what());
      }
    }
  }

  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
  runtimes::Registry registry_;
  std::thread thread_;
};

}  // namespace benchd::daemon
