#include "exporters/http/server.h"

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>

#include "client.h"

namespace benchd::http {
namespace {

using namespace std::chrono_literals;

/// Keeps the Responder of each request until the test answers it.
class Parked {
 public:
  Handler handler() {
    return [this](const Request&, Responder responder) {
      const std::lock_guard lock(mutex_);
      responders_.push_back(std::move(responder));
      arrived_.notify_all();
    };
  }
  Responder take() {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return !responders_.empty(); });
    Responder responder = std::move(responders_.front());
    responders_.erase(responders_.begin());
    return responder;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Responder> responders_;
};

class ServerTest : public testing::Test {
 protected:
  void start(Limits limits = {}) {
    server_.emplace(limits);
    server_->route("/hello",
                   [](const Request&, const Responder& responder) { responder.send(make_response(200, "hello\n")); });
    server_->route("/echo", [](const Request& request, const Responder& responder) {
      responder.send(make_response(200, request.path + '|' + request.query + '|' + request.accept + '|' +
                                            request.accept_encoding + '|' +
                                            (request.peer_is_loopback ? "loopback" : "")));
    });
    server_->route("/large", [](const Request&, const Responder& responder) {
      responder.send(make_response(200, std::string(32 << 20, 'x')));
    });
    server_->route("/parked", parked_.handler());
    server_->route("/dropped", [](const Request&, const Responder&) {});
    server_->route("/throws", [](const Request&, const Responder&) { throw std::runtime_error("broken handler"); });
    ASSERT_TRUE(server_->listen("127.0.0.1:0").ok());
    ASSERT_TRUE(server_->start().ok());
  }
  Client client() { return Client(server_->port()); }
  /// Waits until the counters say so (the socket closes a moment before); the test's time limit is the only one.
  template <class Condition>
  void wait_until(Condition condition) {
    while (!condition(server_->stats())) std::this_thread::sleep_for(1ms);
  }

  Parked parked_;
  std::optional<Server> server_;
};

TEST_F(ServerTest, AnswersWithHeadersThatKeepBrowsersHonest) {
  start();
  Client c = client();
  c.get("/hello");
  const auto answer = c.receive();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "hello\n");
  EXPECT_EQ(answer.headers.at("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(answer.headers.at("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(answer.headers.at("X-Frame-Options"), "DENY");
  EXPECT_EQ(answer.headers.at("Server"), "benchd");
  EXPECT_TRUE(answer.headers.at("Date").ends_with(" GMT"));
}

TEST_F(ServerTest, GivesTheHandlerPathQueryAndNegotiation) {
  start();
  Client c = client();
  c.send(
      "GET /echo?a=1&b=?2 HTTP/1.1\r\nHost: x\r\nAccept: text/plain\r\naccept: */*;q=0.1\r\nAccept-Encoding: "
      "gzip\r\n\r\n");
  EXPECT_EQ(c.receive().body, "/echo|a=1&b=?2|text/plain, */*;q=0.1|gzip|loopback");
  c.send("GET http://host:1/echo?q HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(c.receive().body, "/echo|q|||loopback");
}

TEST_F(ServerTest, RefusesUnknownPathsAndMethodsAndKeepsTheConnection) {
  start();
  Client c = client();
  c.get("/nothing");
  EXPECT_EQ(c.receive().status, 404);
  c.get("/hello/");
  EXPECT_EQ(c.receive().status, 404);
  for (const std::string method : {"POST", "PUT", "DELETE", "OPTIONS", "BREW"}) {
    c.send(method + " /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody");
    const auto answer = c.receive();
    EXPECT_EQ(answer.status, 405) << method;
    EXPECT_EQ(answer.headers.at("Allow"), "GET, HEAD");
  }
  c.get("/hello");
  EXPECT_EQ(c.receive().status, 200);
  EXPECT_EQ(server_->stats().accepted, 1U);
}

TEST_F(ServerTest, HeadHasTheHeadersOfGetAndNoBody) {
  start();
  Client c = client();
  c.send("HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\nHEAD /nothing HTTP/1.1\r\nHost: x\r\n\r\n");
  auto answer = c.receive(true);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.headers.at("Content-Length"), "6");
  answer = c.receive(true);  // a body after the first head would be in the way
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.headers.at("Content-Length"), "10");
}

TEST_F(ServerTest, AnswersAHundredPipelinedRequestsInOrder) {
  start();
  Client c = client();
  std::string requests;
  for (int i = 0; i < 100; ++i) requests += "GET /echo?" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n";
  c.send(requests);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(c.receive().body, "/echo|" + std::to_string(i) + "|||loopback");
}

TEST_F(ServerTest, APipelinedAnswerWaitsForTheOneBeforeIt) {
  start();
  Client c = client();
  c.send("GET /parked HTTP/1.1\r\nHost: x\r\n\r\nGET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  parked_.take().send(make_response(200, "first\n"));
  EXPECT_EQ(c.receive().body, "first\n");
  EXPECT_EQ(c.receive().body, "hello\n");
}

TEST_F(ServerTest, ClosesWhenAskedTo) {
  start();
  for (const char* request :
       {"GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "GET /hello HTTP/1.0\r\n\r\n"}) {
    Client c = client();
    c.send(request);
    const auto answer = c.receive();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.headers.at("Connection"), "close");
    EXPECT_TRUE(c.sees_end());
  }
  Client c = client();
  c.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(c.receive().headers.at("Connection"), "keep-alive");
  c.get("/hello");
  EXPECT_EQ(c.receive().status, 200);
}

TEST_F(ServerTest, AnswersAfterTheClientClosedItsHalf) {
  start();
  Client c = client();
  c.get("/parked");
  c.shut_down_sending();
  parked_.take().send(make_response(200, "late\n"));
  EXPECT_EQ(c.receive().body, "late\n");
  EXPECT_TRUE(c.sees_end());
}

TEST_F(ServerTest, TellsAClientThatExpectsContinueToGoOn) {
  start();
  Client c = client();
  c.send("GET /hello HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  EXPECT_EQ(c.receive().status, 100);
  c.send("body");
  EXPECT_EQ(c.receive().status, 200);
}

TEST_F(ServerTest, AnswersFromAnotherThread) {
  start();
  Client c = client();
  c.get("/parked");
  std::thread([responder = parked_.take()] { responder.send(make_response(200, "from afar\n")); }).join();
  EXPECT_EQ(c.receive().body, "from afar\n");
}

TEST_F(ServerTest, TheFirstAnswerCounts) {
  start();
  Client c = client();
  c.get("/parked");
  const Responder responder = parked_.take();
  responder.send(make_response(200, "first\n"));
  responder.send(make_response(200, "second\n"));
  EXPECT_EQ(c.receive().body, "first\n");
  c.get("/hello");
  EXPECT_EQ(c.receive().body, "hello\n");
}

TEST_F(ServerTest, AHandlerThatForgetsOrThrowsIs500) {
  start();
  Client c = client();
  c.get("/dropped");
  EXPECT_EQ(c.receive().status, 500);
  c.get("/throws");
  const auto answer = c.receive();
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.body, "broken handler\n");
  EXPECT_EQ(server_->stats().responses.at(500), 2U);
}

TEST_F(ServerTest, AnExceptionOnTheWebThreadIsCountedAndToldAndCostsNobodyElseAnything) {
  server_.emplace();
  std::promise<std::string> told;
  server_->on_fault([&](const std::string& what) { told.set_value(what); });
  server_->route("/later", [this](const Request&, const Responder& responder) {
    server_->post([responder] { throw std::runtime_error("broken task"); });
  });
  server_->route("/hello",
                 [](const Request&, const Responder& responder) { responder.send(make_response(200, "hello\n")); });
  ASSERT_TRUE(server_->listen("127.0.0.1:0").ok());
  ASSERT_TRUE(server_->start().ok());
  Client unlucky = client();
  unlucky.get("/later");
  EXPECT_EQ(unlucky.receive().status, 500);
  EXPECT_EQ(told.get_future().get(), "broken task");
  EXPECT_EQ(server_->stats().faults, 1U);
  Client next = client();
  next.get("/hello");
  EXPECT_EQ(next.receive().status, 200);
}

TEST_F(ServerTest, AnAnswerThatDoesNotComeIs503AndALateOneIsDropped) {
  start({.answer_timeout = 20ms});
  Client c = client();
  c.get("/parked");
  const Responder late = parked_.take();
  const auto answer = c.receive();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.headers.at("Connection"), "close");
  late.send(make_response(200, "too late\n"));
  EXPECT_TRUE(c.sees_end());
  EXPECT_EQ(server_->stats().answer_timeouts, 1U);
}

TEST_F(ServerTest, AResponderMayOutliveTheServer) {
  start();
  Client c = client();
  c.get("/parked");
  const Responder responder = parked_.take();
  server_.reset();
  responder.send(make_response(200, "nobody there\n"));
}

TEST_F(ServerTest, ClosesOnAClientThatSendsOneByteNowAndThen) {
  start({.read_timeout = 100ms});
  Client c = client();
  const std::string request = "GET /hello HTTP/1.1\r\nHost: " + std::string(10'000, 'x');
  size_t sent = 0;
  while (sent < request.size() && c.send(request.substr(sent, 1))) {
    ++sent;
    std::this_thread::sleep_for(5ms);
  }
  EXPECT_LT(sent, request.size());
  wait_until([](const Stats& stats) { return stats.read_timeouts == 1; });
}

TEST_F(ServerTest, ClosesOnAClientThatSendsNothing) {
  start({.read_timeout = 50ms});
  Client c = client();
  EXPECT_TRUE(c.sees_end());
  wait_until([](const Stats& stats) { return stats.read_timeouts == 1; });
}

TEST_F(ServerTest, ClosesAKeptConnectionThatFallsSilent) {
  start({.idle_timeout = 50ms});
  Client c = client();
  c.get("/hello");
  EXPECT_EQ(c.receive().status, 200);
  EXPECT_TRUE(c.sees_end());
  wait_until([](const Stats& stats) { return stats.idle_timeouts == 1; });
  EXPECT_EQ(server_->stats().read_timeouts, 0U);
}

TEST_F(ServerTest, ClosesOnAClientThatDoesNotReadItsAnswer) {
  start({.write_timeout = 50ms});
  Client c = client();
  c.get("/large");
  wait_until([](const Stats& stats) { return stats.write_timeouts == 1 && stats.open_connections == 0; });
}

TEST_F(ServerTest, RefusesAHundredThousandBytesOfHeader) {
  start();
  for (const std::string& bytes : {"GET /hello HTTP/1.1\r\nHost: x\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n",
                                   "GET /" + std::string(100'000, 'x') + " HTTP/1.1\r\nHost: x\r\n\r\n",
                                   "GET /hello HTTP/1.1\r\n" + std::string(100'000, 'X')}) {
    Client c = client();
    c.send(bytes);
    const auto answer = c.receive();
    EXPECT_EQ(answer.status, 431);
    EXPECT_EQ(answer.headers.at("Connection"), "close");
  }
}

TEST_F(ServerTest, TakesAHeaderJustBelowTheLimit) {
  start();
  Client c = client();
  c.send("GET /hello HTTP/1.1\r\nHost: x\r\nX: " + std::string(16'000, 'x') + "\r\n\r\n");
  EXPECT_EQ(c.receive().status, 200);
}

TEST_F(ServerTest, RefusesABodyAboveTheLimit) {
  start();
  Client declared = client();
  declared.send("GET /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
  EXPECT_EQ(declared.receive().status, 413);
  Client chunked = client();
  chunked.send("GET /hello HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n20000\r\n" +
               std::string(0x20000, 'x') + "\r\n0\r\n\r\n");
  EXPECT_EQ(chunked.receive().status, 413);
  std::string chunks = "GET /hello HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 70'000; ++i) chunks += "1\r\nx\r\n";
  Client crumbs = client();
  crumbs.send(chunks);
  EXPECT_EQ(crumbs.receive().status, 413);
  Client trailers = client();
  trailers.send("GET /hello HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nT: " +
                std::string(100'000, 'x'));
  EXPECT_EQ(trailers.receive().status, 431);
  Client allowed = client();
  allowed.send("GET /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 65536\r\n\r\n" + std::string(65536, 'x'));
  EXPECT_EQ(allowed.receive().status, 200);
}

TEST_F(ServerTest, RefusesWhatIsNoRequest) {
  start();
  for (const std::string& bytes :
       {std::string("garbage\r\n\r\n"), std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11),
        std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), std::string("GET  HTTP/1.1\r\n\r\n"),
        std::string("GET /hello HTTP/1.1\r\n\r\n"), std::string("GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
        std::string("GET /hello HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"),
        std::string("GET /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx"),
        std::string(
            "GET /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        std::string("GET /hello HTTP/1.1\r\nBad Name: x\r\n\r\n"), std::string(1000, '\0')}) {
    Client c = client();
    c.send(bytes);
    EXPECT_EQ(c.receive().status, 400) << bytes;
    EXPECT_TRUE(c.sees_end());
  }
}

TEST_F(ServerTest, SaysWhenThereAreTooManyConnections) {
  start({.connections = 2, .newcomer_grace = 1h});
  Client first = client();
  Client second = client();
  wait_until([](const Stats& stats) { return stats.open_connections == 2; });
  Client third = client();
  third.get("/hello");
  EXPECT_EQ(third.receive().status, 503);
  EXPECT_TRUE(third.sees_end());
  EXPECT_EQ(server_->stats().rejected, 1U);
  first.get("/hello");
  EXPECT_EQ(first.receive().status, 200);
  first.reset();
  wait_until([](const Stats& stats) { return stats.open_connections == 1; });
  Client fourth = client();
  fourth.get("/hello");
  EXPECT_EQ(fourth.receive().status, 200);
}

TEST_F(ServerTest, SilentConnectionsDoNotKeepANewcomerOut) {
  start({.connections = 3});
  const auto ask = [](Client& c) {
    c.get("/hello");
    return c.receive().status;
  };
  Client busy = client();
  busy.get("/parked");
  const Responder responder = parked_.take();
  Client silent_longest = client();
  EXPECT_EQ(ask(silent_longest), 200);
  Client silent = client();
  EXPECT_EQ(ask(silent), 200);

  Client newcomer = client();
  EXPECT_EQ(ask(newcomer), 200);
  EXPECT_TRUE(silent_longest.sees_end());
  EXPECT_EQ(ask(silent), 200);
  responder.send(make_response(200, "not disturbed\n"));
  EXPECT_EQ(busy.receive().body, "not disturbed\n");
  EXPECT_EQ(server_->stats().displaced, 1U);
  EXPECT_EQ(server_->stats().rejected, 0U);
}

TEST_F(ServerTest, SixtyFourClientsThatNeverAskDoNotKeepAScraperOut) {
  start({.newcomer_grace = 0ms, .read_timeout = 1h});
  std::vector<Client> silent;
  for (size_t i = 0; i < Limits().connections; ++i) {
    silent.push_back(client());
    // A few bytes are no request.
    if (i % 2 == 1) silent.back().send("GET /hel");
    wait_until([i](const Stats& stats) { return stats.open_connections == i + 1; });
  }
  Client scraper = client();
  scraper.get("/hello");
  EXPECT_EQ(scraper.receive().status, 200);
  EXPECT_TRUE(silent[0].sees_end());
  EXPECT_EQ(server_->stats().displaced, 1U);
  EXPECT_EQ(server_->stats().rejected, 0U);
  silent[1].send("lo HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(silent[1].receive().status, 200);
}

TEST_F(ServerTest, PassesOverEmptyLinesBeforeARequest) {
  start();
  Client c = client();
  c.send("\r\n");
  c.get("/hello");
  EXPECT_EQ(c.receive().status, 200);
  c.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n\r\n\r\nGET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(c.receive().status, 200);
  EXPECT_EQ(c.receive().status, 200);
}

TEST_F(ServerTest, EmptyLinesAreNoRequestAndBuyNoTime) {
  start({.read_timeout = 100ms});
  Client c = client();
  while (c.send("\r\n")) std::this_thread::sleep_for(5ms);
  wait_until([](const Stats& stats) { return stats.read_timeouts == 1; });
}

TEST_F(ServerTest, SurvivesClientsThatLeaveAtAnyMoment) {
  start();
  const std::string request = "GET /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody";
  for (size_t sent = 0; sent <= request.size(); ++sent) {
    Client closes = client();
    closes.send(request.substr(0, sent));
    Client resets = client();
    resets.send(request.substr(0, sent));
    resets.reset();
    Client half = client();
    half.send(request.substr(0, sent));
    half.shut_down_sending();
    EXPECT_EQ(half.receive().status, sent == request.size() ? 200 : 0);
  }
  wait_until([](const Stats& stats) { return stats.open_connections == 0; });
}

TEST_F(ServerTest, SurvivesAClientThatLeavesBeforeItsAnswer) {
  start();
  Client c = client();
  c.get("/parked");
  const Responder responder = parked_.take();
  c.reset();
  responder.send({.body = std::make_shared<const std::string>(1 << 20, 'x')});
  wait_until([](const Stats& stats) { return stats.open_connections == 0; });
}

TEST_F(ServerTest, StopFinishesRunningAnswersAndClosesTheRest) {
  start({.stop_timeout = 60s});
  Client silent = client();
  Client idle = client();
  idle.get("/hello");
  EXPECT_EQ(idle.receive().status, 200);
  Client halfway = client();
  halfway.send("GET /hel");
  Client running = client();
  running.get("/parked");
  const Responder responder = parked_.take();
  wait_until([](const Stats& stats) { return stats.open_connections == 4; });

  std::thread stopper([this] { server_->stop(); });
  EXPECT_TRUE(silent.sees_end());
  EXPECT_TRUE(idle.sees_end());
  EXPECT_TRUE(halfway.sees_end());
  responder.send(make_response(200, "finished\n"));
  const auto answer = running.receive();
  EXPECT_EQ(answer.body, "finished\n");
  EXPECT_EQ(answer.headers.at("Connection"), "close");
  EXPECT_TRUE(running.sees_end());
  running.shut_down_sending();
  stopper.join();
  EXPECT_FALSE(client().connected());
}

TEST_F(ServerTest, RunsTasksWhereHandlersRun) {
  start();
  std::promise<std::thread::id> task;
  std::promise<std::thread::id> delayed;
  server_->post([&] {
    task.set_value(std::this_thread::get_id());
    server_->post_after(1ms, [&] { delayed.set_value(std::this_thread::get_id()); });
  });
  const auto web = task.get_future().get();
  EXPECT_NE(web, std::this_thread::get_id());
  EXPECT_EQ(delayed.get_future().get(), web);
}

TEST_F(ServerTest, ADelayedTaskAnswersDuringStopAndDoesNotHoldItUp) {
  server_.emplace(Limits{.stop_timeout = 60s});
  server_->route("/later", [this](const Request&, const Responder& responder) {
    server_->post_after(50ms, [responder] { responder.send(make_response(200, "later\n")); });
    server_->post_after(1h, [] { FAIL() << "dropped by stop()"; });
    parked_.handler()({}, responder);
  });
  ASSERT_TRUE(server_->listen("127.0.0.1:0").ok());
  ASSERT_TRUE(server_->start().ok());
  Client c = client();
  c.get("/later");
  parked_.take();
  std::thread stopper([this] { server_->stop(); });
  EXPECT_EQ(c.receive().body, "later\n");
  c.shut_down_sending();
  stopper.join();
}

TEST_F(ServerTest, StopDoesNotWaitForEver) {
  start({.stop_timeout = 20ms});
  Client c = client();
  c.get("/parked");
  const Responder responder = parked_.take();
  server_->stop();
  EXPECT_TRUE(c.sees_end());
}

TEST_F(ServerTest, StopsUnderLoad) {
  start();
  std::atomic<bool> stopped = false;
  std::atomic<int> answers = 0;
  std::atomic<int> torn = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i)
    clients.emplace_back([&] {
      while (!stopped) {
        Client c = client();
        while (c.connected() && c.get("/hello")) {
          const auto answer = c.receive();
          if (answer.status == 0) break;
          ++answers;
          if (answer.body != "hello\n") ++torn;
        }
      }
    });
  while (answers < 200) std::this_thread::sleep_for(1ms);
  server_->stop();
  stopped = true;
  for (std::thread& thread : clients) thread.join();
  EXPECT_EQ(torn, 0);
}

TEST_F(ServerTest, AThousandConnectionsComeAndGo) {
  start();
  for (int i = 0; i < 1000; ++i) {
    Client c = client();
    ASSERT_TRUE(c.get(i % 3 == 0 ? "/dropped" : "/hello"));
    if (i % 5 == 0) {
      c.reset();
    } else {
      ASSERT_EQ(c.receive().status, i % 3 == 0 ? 500 : 200) << i;
    }
  }
  wait_until([](const Stats& stats) { return stats.open_connections == 0; });
  EXPECT_EQ(server_->stats().accepted, 1000U);
  EXPECT_EQ(server_->stats().rejected, 0U);
}

TEST(Listen, NamesTheAddressThatIsTaken) {
  Server first;
  ASSERT_TRUE(first.listen("127.0.0.1:0").ok());
  Server second;
  const std::string address = "127.0.0.1:" + std::to_string(first.port());
  const auto result = second.listen(address);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().message(), "listen on " + address + ": Address already in use");
}

TEST(Listen, RefusesAnAddressThatIsNotOurs) {
  Server server;
  const auto result = server.listen("192.0.2.1:10900");
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().message(), "listen on 192.0.2.1:10900: Cannot assign requested address");
  EXPECT_FALSE(server.listen("nonsense").ok());
  EXPECT_FALSE(server.listen("no such host:1").ok());
}

TEST(Listen, ServesAllInterfacesAndSeveralAddresses) {
  Server server;
  server.route("/", [](const Request& request, const Responder& responder) {
    responder.send(make_response(200, request.peer_is_loopback ? "near" : "far"));
  });
  ASSERT_TRUE(server.listen(":0").ok());
  ASSERT_TRUE(server.listen("127.0.0.1:0").ok());
  ASSERT_TRUE(server.start().ok());
  Client c(server.port());  // IPv4, which an IPv6 socket sees as ::ffff:127.0.0.1
  c.get("/");
  EXPECT_EQ(c.receive().body, "near");
}

TEST(Listen, IsClosedOnExec) {
  Server server;
  ASSERT_TRUE(server.listen("127.0.0.1:0").ok());
  ASSERT_TRUE(server.start().ok());
  Client c(server.port());
  c.get("/");
  ASSERT_EQ(c.receive().status, 404);  // so it is accepted
  int sockets = 0;
  for (int fd = 3; fd < 64; ++fd) {
    const int flags = ::fcntl(fd, F_GETFD);
    int type = 0;
    socklen_t length = sizeof type;
    if (flags < 0 || ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) != 0) continue;
    ++sockets;
    EXPECT_NE(flags & FD_CLOEXEC, 0) << fd;
  }
  EXPECT_GE(sockets, 3);
}

}  // namespace
}  // namespace benchd::http
