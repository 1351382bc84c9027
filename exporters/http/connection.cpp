#include "exporters/http/connection.h"

#include <algorithm>
#include <ctime>
#include <exception>
#include <string_view>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/status.hpp>

namespace benchd::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using beast::http::field;
using beast::http::verb;

/// What linger() reads before it gives up on a client that will not stop sending.
constexpr size_t kMaxDrainedBytes = 1 << 20;
constexpr size_t kReadBytes = 4096;

std::string_view view(beast::string_view text) {
  return {text.data(), text.size()};
}

void count(std::atomic<uint64_t>& counter) {
  counter.fetch_add(1, std::memory_order_relaxed);
}

/// A field that came on several lines means the same as one line of their values (RFC 9110 section 5.3).
std::string joined(const beast::http::fields& fields, field name) {
  std::string value;
  const auto [first, last] = fields.equal_range(name);
  for (auto line = first; line != last; ++line) {
    if (!value.empty()) value += ", ";
    value += view(line->value());
  }
  return value;
}

/// Path and query of a request target, which may be a whole URL (RFC 9112 section 3.2.2).
std::pair<std::string_view, std::string_view> split_target(std::string_view target) {
  if (target.starts_with("http://") || target.starts_with("https://")) {
    target.remove_prefix(target.find("//") + 2);
    const size_t path = target.find_first_of("/?");
    target = path == std::string_view::npos || target[path] == '?' ? "/" : target.substr(path);
  }
  const size_t mark = target.find('?');
  return {target.substr(0, mark), mark == std::string_view::npos ? "" : target.substr(mark + 1)};
}

std::string http_date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 64> text{};
  const size_t length = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text.data(), length};
}

std::string make_head(const Response& response, bool keep) {
  const auto reason = beast::http::obsolete_reason(static_cast<beast::http::status>(response.status));
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + ' ';
  head += view(reason);
  head += "\r\nDate: " + http_date() + "\r\nServer: benchd\r\nContent-Type: " + response.content_type;
  head += "\r\nContent-Length: " + std::to_string(response.body ? response.body->size() : 0);
  head += "\r\nX-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\nCache-Control: no-store";
  for (const auto& [name, value] : response.headers) head.append("\r\n").append(name).append(": ").append(value);
  head += keep ? "\r\nConnection: keep-alive\r\n\r\n" : "\r\nConnection: close\r\n\r\n";
  return head;
}

}  // namespace

Connection::Connection(Socket socket, bool peer_is_loopback, Host& host)
    : host_(host),
      stream_(std::move(socket)),
      answer_timer_(stream_.get_executor()),
      buffer_(host.limits.header_bytes),
      peer_is_loopback_(peer_is_loopback) {}

Connection::~Connection() {  // NOLINT(bugprone-exception-escape): what it cancels throws only for what is no timer
  close();
}

void Connection::serve() {
  await_request();
}

void Connection::reject() {
  write(make_response(503, "too many connections\n"), false);
}

void Connection::await_request() {
  phase_ = Phase::Reading;
  parser_.reset();
  waits_since_ = std::chrono::steady_clock::now();
  stream_.expires_after(turn_ == 0 ? host_.limits.read_timeout : host_.limits.idle_timeout);
  read_first_line();
}

void Connection::read_first_line() {
  skip_empty_lines();
  if (buffer_.size() != 0) return read_header();
  stream_.async_read_some(buffer_.prepare(std::min(kReadBytes, buffer_.max_size())),
                          [self = shared_from_this()](Error error, size_t bytes) {
                            if (error) return self->read_failed(error);
                            self->buffer_.commit(bytes);
                            self->read_first_line();
                          });
}

/// Some clients send one after a body; it means nothing before a request line (RFC 9112 section 2.2).
void Connection::skip_empty_lines() {
  const auto bytes = buffer_.data();
  const std::string_view text(static_cast<const char*>(bytes.data()), bytes.size());
  buffer_.consume(std::min(text.find_first_not_of("\r\n"), text.size()));
}

void Connection::read_header() {
  parser_.emplace();
  parser_->header_limit(host_.limits.header_bytes);
  parser_->body_limit(host_.limits.body_bytes);
  // One deadline for header and body together: a client that sends a byte now and then does not move it.
  stream_.expires_after(host_.limits.read_timeout);
  beast::http::async_read_header(stream_, buffer_, *parser_, [self = shared_from_this()](Error error, size_t) {
    if (error) return self->read_failed(error);
    const auto& request = self->parser_->get();
    const bool asks_first = beast::iequals(request[field::expect], "100-continue");
    if (!asks_first || self->parser_->is_done() || request.version() < 11) return self->read_body();

    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    asio::async_write(self->stream_, asio::buffer(kContinue), [self](Error write_error, size_t) {
      if (write_error) return self->read_failed(write_error);
      self->read_body();
    });
  });
}

void Connection::read_body() {
  beast::http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](Error error, size_t) {
    if (error) return self->read_failed(error);
    self->dispatch();
  });
}

void Connection::read_failed(Error error) {
  if (phase_ == Phase::Closed) return;
  keep_alive_ = false;
  head_only_ = false;
  if (error == beast::error::timeout) {
    const bool idle = turn_ != 0 && !parser_;
    count(idle ? host_.counters.idle_timeouts : host_.counters.read_timeouts);
    return close();
  }
  using Http = beast::http::error;
  if (error == Http::header_limit || error == Http::buffer_overflow)
    return write(make_response(431, "request header too large\n"), false);
  if (error == Http::body_limit) return write(make_response(413, "request body too large\n"), false);
  const bool client_left = error == Http::end_of_stream || error == Http::partial_message;
  const bool garbage = error.category() == Error(Http::bad_method).category();
  if (garbage && !client_left) return write(make_response(400, "not an HTTP request\n"), false);
  close();
}

void Connection::dispatch() {
  if (phase_ == Phase::Closed) return;
  stream_.expires_never();
  const auto& message = parser_->get();
  const auto [path, query] = split_target(view(message.target()));
  Request request{.path = std::string(path),
                  .query = std::string(query),
                  .accept = joined(message, field::accept),
                  .accept_encoding = joined(message, field::accept_encoding),
                  .peer_is_loopback = peer_is_loopback_};
  ++turn_;
  keep_alive_ = message.keep_alive();
  head_only_ = message.method() == verb::head;
  if (message.version() >= 11 && message.count(field::host) != 1)
    return write(make_response(400, "one Host header is needed\n"), false);

  const auto route = host_.routes.find(path);
  if (route == host_.routes.end()) return write(make_response(404, "not found\n"), true);
  const bool asks = message.method() == verb::get || head_only_;
  const bool posts = message.method() == verb::post;
  const Handler& handler = posts ? route->second.post : route->second.ask;
  if ((!asks && !posts) || !handler) {
    Response refusal = make_response(405, "method not allowed\n");
    refusal.headers.emplace_back("Allow", !route->second.post  ? "GET, HEAD"
                                          : !route->second.ask ? "POST"
                                                               : "GET, HEAD, POST");
    return write(refusal, true);
  }
  if (posts) request.body = std::move(parser_->get().body());

  phase_ = Phase::Answering;
  answer_timer_.expires_after(host_.limits.answer_timeout);
  answer_timer_.async_wait([self = shared_from_this(), turn = turn_](Error error) {
    if (error || self->phase_ != Phase::Answering || turn != self->turn_) return;
    count(self->host_.counters.answer_timeouts);
    self->write(make_response(503, "no answer in time\n"), false);
  });
  const Responder responder(std::make_shared<Exchange>(host_.mailbox, weak_from_this(), turn_));
  try {
    handler(request, responder);
  } catch (const std::exception& failure) {
    responder.send(make_response(500, std::string(failure.what()) + '\n'));
  }
}

void Connection::answer(uint64_t turn, const Response& response) {
  if (phase_ != Phase::Answering || turn != turn_) return;
  answer_timer_.cancel();
  write(response, true);
}

void Connection::write(const Response& response, bool keep) {
  phase_ = Phase::Writing;
  keep = keep && keep_alive_ && !finishing_;
  head_ = make_head(response, keep);
  body_ = head_only_ ? nullptr : response.body;
  if (response.status <= Counters::kMaxStatus) count(host_.counters.responses[response.status]);

  const std::array<asio::const_buffer, 2> parts{asio::buffer(head_),
                                                body_ ? asio::buffer(*body_) : asio::const_buffer()};
  stream_.expires_after(host_.limits.write_timeout);
  asio::async_write(stream_, parts, [self = shared_from_this(), keep](Error error, size_t) {
    self->body_.reset();
    if (self->phase_ == Phase::Closed) return;
    if (error == beast::error::timeout) count(self->host_.counters.write_timeouts);
    if (error) return self->close();
    if (keep && !self->finishing_) return self->await_request();
    self->linger();
  });
}

/// Closing a socket that has unread input resets the connection, and the reset can overtake the answer. So: say that
/// nothing more comes, and read what the client still sends until it closes too.
void Connection::linger() {
  if (phase_ == Phase::Closed) return;
  Error ignored;
  stream_.socket().shutdown(Socket::shutdown_send, ignored);
  stream_.expires_after(host_.limits.linger_timeout);
  drain();
}

void Connection::drain() {
  buffer_.clear();
  stream_.async_read_some(buffer_.prepare(std::min(kReadBytes, buffer_.max_size())),
                          [self = shared_from_this()](Error error, size_t bytes) {
                            self->drained_bytes_ += bytes;
                            if (error || self->drained_bytes_ > kMaxDrainedBytes) return self->close();
                            self->drain();
                          });
}

std::optional<std::chrono::steady_clock::time_point> Connection::displaceable_since() const {
  if (phase_ != Phase::Reading) return std::nullopt;
  const bool is_new = turn_ == 0 && std::chrono::steady_clock::now() - waits_since_ < host_.limits.newcomer_grace;
  return is_new ? std::nullopt : std::optional(waits_since_);
}

void Connection::finish() {
  finishing_ = true;
  if (phase_ == Phase::Reading) close();
}

void Connection::close() {
  if (phase_ == Phase::Closed) return;
  phase_ = Phase::Closed;
  answer_timer_.cancel();
  stream_.close();
  host_.closed(this);
}

}  // namespace benchd::http
