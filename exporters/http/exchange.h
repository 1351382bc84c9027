#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

#include <boost/asio/io_context.hpp>

#include "exporters/http/message.h"

namespace benchd::http {

class Connection;

/// The way onto the web thread for those who may outlive it: after close() what is posted is dropped.
class Mailbox {
 public:
  explicit Mailbox(boost::asio::io_context& context) : context_(&context) {}

  void post(std::function<void()> task);
  void close();

 private:
  std::mutex mutex_;
  boost::asio::io_context* context_;
};

/// One request waiting for its answer; what the copies of a Responder share.
class Exchange {
 public:
  /// `turn` is the number of the request on its connection: an answer that comes too late must not be taken for the
  /// answer to the next one.
  Exchange(std::shared_ptr<Mailbox> mailbox, std::weak_ptr<Connection> connection, uint64_t turn);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  void send(Response response);

 private:
  const std::shared_ptr<Mailbox> mailbox_;
  const std::weak_ptr<Connection> connection_;
  const uint64_t turn_;
  std::atomic<bool> answered_ = false;
};

}  // namespace benchd::http
