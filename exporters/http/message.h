#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace benchd::http {

/// What a handler gets to see of a request. Owned: it may be kept for as long as the answer takes. Which method it is,
/// GET or HEAD, or POST where the route takes that, handlers need not care: the body of an answer to HEAD is not sent.
struct Request {
  std::string path;             ///< as sent, "/metrics"
  std::string query;            ///< what follows '?', as sent
  std::string accept;           ///< all Accept lines, joined by ", "
  std::string accept_encoding;  ///< all Accept-Encoding lines, joined by ", "
  std::string body;             ///< of a POST
  bool peer_is_loopback = false;
};

struct Response {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::shared_ptr<const std::string> body;  ///< shared, so that a large page is not copied; null = empty
  /// Further header lines, name and value; without CR and LF. Date, Server, Content-Length, Connection and the security
  /// headers are the server's.
  std::vector<std::pair<std::string, std::string>> headers;
};

/// An answer from a body made for it.
Response make_response(unsigned status, std::string body);

class Exchange;

/// The right to answer one request, once, from any thread, also after the handler returned and after the server is
/// gone. Copies share it: the first answer counts, later ones are ignored. When the last copy goes without an answer
/// the client gets 500; when the answer takes longer than Limits::answer_timeout the client gets 503.
class Responder {
 public:
  explicit Responder(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}

  void send(Response response) const;

 private:
  std::shared_ptr<Exchange> exchange_;
};

/// Called on the web thread: quick, or handing the Responder on. A handler that throws answers 500.
using Handler = std::function<void(const Request&, Responder)>;

}  // namespace benchd::http
