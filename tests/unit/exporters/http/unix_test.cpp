#include <fstream>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/fd.h"
#include "exporters/http/server.h"
#include "support/temporary_directory.h"

namespace benchd::http {
namespace {

/// What the server says to one request, until it closes.
std::string answer_of(const std::string& path, const std::string& request) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const base::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return "not connected";
  ::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL);
  std::string answer;
  char piece[4096];
  for (ssize_t got = 0; (got = ::recv(fd.get(), piece, sizeof piece, 0)) > 0;)
    answer.append(piece, static_cast<size_t>(got));
  return answer;
}

std::string post(const std::string& target, const std::string& body) {
  return "POST " + target +
         " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

class UnixTest : public testing::Test {
 protected:
  static void add_echo(Server& server) {
    server.route_post("/echo", [](const Request& request, const Responder& responder) {
      responder.send(make_response(200, request.body + (request.peer_is_loopback ? "" : " from afar")));
    });
  }

  TemporaryDirectory directory_;
  const std::string path_ = directory_.path() + "/control.sock";
};

TEST_F(UnixTest, APostHasItsBodyAndItsModeIsAsWanted) {
  Server server;
  add_echo(server);
  ASSERT_TRUE(server.listen_unix(path_, 0600).ok());
  ASSERT_TRUE(server.start().ok());
  struct stat about {};
  ASSERT_EQ(::stat(path_.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 07777, 0600U);
  const std::string body(50'000, 'x');
  EXPECT_TRUE(answer_of(path_, post("/echo", body)).ends_with("\r\n\r\n" + body));
}

TEST_F(UnixTest, WhatARouteDoesNotTakeIsRefusedWithWhatItDoes) {
  Server server;
  add_echo(server);
  server.route("/both", [](const Request&, const Responder& responder) { responder.send(make_response(200, "")); });
  server.route_post("/both",
                    [](const Request&, const Responder& responder) { responder.send(make_response(200, "")); });
  ASSERT_TRUE(server.listen_unix(path_, 0600).ok());
  ASSERT_TRUE(server.start().ok());
  const std::string close = " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  const std::string get = answer_of(path_, "GET /echo" + close);
  EXPECT_TRUE(get.starts_with("HTTP/1.1 405")) << get;
  EXPECT_NE(get.find("Allow: POST\r\n"), std::string::npos) << get;
  EXPECT_NE(answer_of(path_, "PUT /both" + close).find("Allow: GET, HEAD, POST\r\n"), std::string::npos);
}

TEST_F(UnixTest, OneThatListensIsLeftAloneAndWhatAKilledOneLeftMakesRoom) {
  {
    Server first;
    ASSERT_TRUE(first.listen_unix(path_, 0600).ok());
    Server second;
    const auto refused = second.listen_unix(path_, 0600);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, EADDRINUSE);
  }
  ASSERT_EQ(::access(path_.c_str(), F_OK), 0) << "nobody removed it";
  Server third;
  add_echo(third);
  ASSERT_TRUE(third.listen_unix(path_, 0600).ok());
  ASSERT_TRUE(third.start().ok());
  EXPECT_TRUE(answer_of(path_, post("/echo", "hello")).ends_with("\r\n\r\nhello"));
}

TEST_F(UnixTest, AFileThatIsNoSocketIsNotRemoved) {
  std::ofstream(path_) << "mine";
  Server server;
  EXPECT_FALSE(server.listen_unix(path_, 0600).ok());
  std::string text;
  std::getline(std::ifstream(path_), text);
  EXPECT_EQ(text, "mine");
}

}  // namespace
}  // namespace benchd::http
