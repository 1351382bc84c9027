#include "exporters/http/exchange.h"

#include <boost/asio/post.hpp>

#include "exporters/http/connection.h"

namespace benchd::http {

void Mailbox::post(std::function<void()> task) {
  const std::lock_guard lock(mutex_);
  if (context_ != nullptr) boost::asio::post(*context_, std::move(task));
}

void Mailbox::close() {
  const std::lock_guard lock(mutex_);
  context_ = nullptr;
}

Exchange::Exchange(std::shared_ptr<Mailbox> mailbox, std::weak_ptr<Connection> connection, uint64_t turn)
    : mailbox_(std::move(mailbox)), connection_(std::move(connection)), turn_(turn) {}

Exchange::~Exchange() {
  send(make_response(500, "no answer was made\n"));
}

void Exchange::send(Response response) {
  if (answered_.exchange(true)) return;
  mailbox_->post([connection = connection_, turn = turn_, response = std::move(response)] {
    if (const auto alive = connection.lock()) alive->answer(turn, response);
  });
}

void Responder::send(Response response) const {
  exchange_->send(std::move(response));
}

Response make_response(unsigned status, std::string body) {
  return {.status = status, .body = std::make_shared<const std::string>(std::move(body))};
}

}  // namespace benchd::http
