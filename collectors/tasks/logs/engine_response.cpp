#include "collectors/tasks/logs/engine_response.h"

#include <array>
#include <limits>

#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>

namespace benchd::logs {

namespace http = boost::beast::http;

struct EngineResponse::Parser {
  http::response_parser<http::buffer_body> http;
  std::string unparsed;  ///< the part of a header or of a chunk's size that has arrived
  std::array<char, 16384> piece{};
};

EngineResponse::EngineResponse() : parser_(std::make_unique<Parser>()) {
  // Boost 1.74 takes any Content-Length for more than a limit of boost::none.
  parser_->http.body_limit(std::numeric_limits<uint64_t>::max());
  parser_->http.eager(true);
}
EngineResponse::EngineResponse(EngineResponse&&) noexcept = default;
EngineResponse& EngineResponse::operator=(EngineResponse&&) noexcept = default;
EngineResponse::~EngineResponse() = default;

unsigned EngineResponse::status() const {
  return parser_->http.is_header_done() ? parser_->http.get().result_int() : 0;
}

base::Result<bool> EngineResponse::take(std::string_view bytes, const std::function<void(std::string_view)>& body) {
  Parser& parser = *parser_;
  parser.unparsed.append(bytes);
  size_t parsed = 0;
  while (parsed < parser.unparsed.size() && !parser.http.is_done()) {
    auto& piece = parser.http.get().body();
    piece.data = parser.piece.data();
    piece.size = parser.piece.size();
    boost::system::error_code error;
    const size_t taken =
        parser.http.put(boost::asio::buffer(parser.unparsed.data() + parsed, parser.unparsed.size() - parsed), error);
    parsed += taken;
    const size_t got = parser.piece.size() - piece.size;
    if (got > 0) body({parser.piece.data(), got});
    if (error == http::error::need_more) break;
    if (error && error != http::error::need_buffer)
      return base::Error{.code = EPROTO, .attempt = "read an engine's answer, " + error.message()};
    if (taken == 0 && got == 0) break;
  }
  parser.unparsed.erase(0, parsed);
  return parser.http.is_done();
}

}  // namespace benchd::logs
