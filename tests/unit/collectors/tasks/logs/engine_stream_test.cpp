#include "collectors/tasks/logs/engine_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "followed_logs.h"

namespace benchd::logs {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::string frame(char type, const std::string& payload) {
  std::string text{type, 0, 0, 0};
  for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(payload.size() >> shift);
  return text + payload;
}

/// "2025-01-02T03:04:05.000000007Z " for 7.
std::string stamped(int nanoseconds, const std::string& text) {
  std::string digits = std::to_string(nanoseconds);
  digits.insert(0, 9 - digits.size(), '0');
  return "2025-01-02T03:04:05." + digits + "Z " + text;
}
std::string out(int nanoseconds, const std::string& text) {
  return frame(1, stamped(nanoseconds, text));
}

struct Frames : EngineFrames::Listener {
  void record(const Record& record, size_t /*bytes*/, bool cut) override {
    texts.emplace_back(std::string(record.text) + (record.ends_line ? "|" : ""));
    streams.push_back(record.stream);
    truncated = truncated || cut;
  }
  void engine_error(std::string_view text) override { errors.emplace_back(text); }
  std::vector<std::string> texts;
  std::vector<model::Stream> streams;
  std::vector<std::string> errors;
  bool truncated = false;
};

TEST(EngineFrames, AreCutWhereverTheBodyIs) {
  const std::string body =
      out(1, "one\n") + frame(2, stamped(2, "two\n")) + out(3, "pie") + out(3, "ce\n") + out(4, "\n");
  for (size_t piece = 1; piece <= body.size(); ++piece) {
    EngineFrames frames;
    Frames got;
    for (size_t at = 0; at < body.size(); at += piece) frames.take(std::string_view(body).substr(at, piece), got);
    ASSERT_THAT(got.texts, ElementsAre("one|", "two|", "pie", "ce|", "|")) << piece;
    EXPECT_EQ(got.streams[1], model::Stream::Error);
  }
}

TEST(EngineFrames, OfATerminalAreLines) {
  const std::string body = stamped(1, "one\r\n") + stamped(2, "two\r\n");
  for (size_t piece = 1; piece <= body.size(); ++piece) {
    EngineFrames frames;
    Frames got;
    for (size_t at = 0; at < body.size(); at += piece) frames.take(std::string_view(body).substr(at, piece), got);
    ASSERT_THAT(got.texts, ElementsAre("one|", "two|")) << piece;
  }
}

TEST(EngineFrames, OfATerminalHoldLongLinesInPieces) {
  EngineFrames frames;
  Frames got;
  frames.take(stamped(1, std::string(16384, 'x')) + stamped(1, "yy\r\n") + stamped(2, "two\r\n"), got);
  EXPECT_THAT(got.texts, ElementsAre(std::string(16384, 'x') + "yy|", "two|"));
}

TEST(EngineFrames, TellWhatTheEngineCouldNotRead) {
  EngineFrames frames;
  Frames got;
  frames.take(frame(3, "some log messages have been skipped over") + out(1, "one\n"), got);
  EXPECT_THAT(got.errors, ElementsAre("some log messages have been skipped over"));
  EXPECT_THAT(got.texts, ElementsAre("one|"));
}

TEST(EngineFrames, KeepTheHeadOfWhatIsTooLong) {
  EngineFrames frames;
  Frames got;
  frames.take(out(1, std::string(10'000'000, 'x')) + out(2, "next\n"), got);
  ASSERT_EQ(got.texts.size(), 2);
  EXPECT_LT(got.texts[0].size(), kMaxLine + 100);
  EXPECT_TRUE(got.truncated);
  EXPECT_EQ(got.texts[1], "next|");
}

/// An engine of which the test plays the part: each request gets a socket pair.
class PlayedEngine : public base::Door {
 public:
  struct Request {
    std::string target;
    base::Fd answer;
    void say(const std::string& text) const {
      EXPECT_EQ(::send(answer.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
    }
    void say_header() const { say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"); }
    void say_chunk(const std::string& body) const {
      char size[16];
      std::snprintf(size, sizeof size, "%zx\r\n", body.size());
      say(size + body + "\r\n");
    }
  };

  base::Result<base::Fd> engine_request(base::EngineId /*engine*/, std::string_view target) override {
    if (refuses) return base::Error{.code = ECONNREFUSED, .attempt = "connect"};
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return base::errno_error("socketpair");
    requests.push_back({std::string(target), base::Fd(ends[1])});
    return base::Fd(ends[0]);
  }
  std::vector<base::EngineId> engines() override { return {}; }
  base::Result<base::KernelHandles> kernel() override { return base::Error{}; }
  base::Result<base::Fd> open_bundle(base::Bundle /*bundle*/, std::string_view /*id*/) override { return nothing(); }
  base::Result<base::Fd> open_log_folder(const base::LogFolder& /*folder*/) override { return nothing(); }
  base::Result<base::Fd> open_log(const base::LogFolder& /*folder*/, std::string_view /*file*/) override {
    return nothing();
  }
  std::vector<std::string> host_logs() override { return {}; }

  Request& last_of(const char* stream) {
    for (auto request = requests.rbegin(); request != requests.rend(); ++request)
      if (request->target.find(stream) != std::string::npos) return *request;
    throw std::runtime_error("nobody asked");
  }

  std::vector<Request> requests;
  bool refuses = false;

 private:
  static base::Error nothing() { return {.code = ENOENT, .attempt = "open"}; }
};

class EngineStreamTest : public testing::Test {
 protected:
  void start() {
    told.forget_uncommitted();
    follower.emplace(engine);
    log = follower->follow(
        {.log = "docker:abc", .kind = LogKind::EngineStream, .container = "abc", .engine = {base::Engine::Docker, 0}},
        told.position, now);
    for (const char* stream : {"stdout", "stderr"})
      if (!engine.refuses) engine.last_of(stream).say_header();
  }
  void turn(int64_t after = base::kSecond) {
    now += after;
    follower->dispatch(now);
    follower->sweep(now);
    while (follower->read(told, now, base::now() + base::kSecond)) {
    }
  }
  PlayedEngine::Request& out_stream() { return engine.last_of("stdout"); }

  PlayedEngine engine;
  Recorder told;
  base::Instant now = 1000 * base::kSecond;
  std::optional<Follower> follower;
  LogHandle log = 0;
};

TEST_F(EngineStreamTest, AsksForEachStreamOnAConnectionOfItsOwn) {
  start();
  ASSERT_EQ(engine.requests.size(), 2);
  EXPECT_EQ(engine.requests[0].target, "/containers/abc/logs?follow=1&timestamps=1&stdout=1");
  EXPECT_EQ(engine.requests[1].target, "/containers/abc/logs?follow=1&timestamps=1&stderr=1");
  out_stream().say_chunk(out(1, "one\n"));
  engine.last_of("stderr").say_chunk(frame(2, stamped(2, "two\n")));
  turn();
  EXPECT_THAT(told.lines, UnorderedElementsAre("one", "two"));
}

TEST_F(EngineStreamTest, GivesLinesOfOneNanosecondOnceAfterAKill) {
  start();
  out_stream().say_chunk(out(7, "a\n") + out(7, "b\n"));
  turn();
  start();
  EXPECT_THAT(out_stream().target, HasSubstr("&since=1735787045"));
  out_stream().say_chunk(out(3, "before\n") + out(7, "a\n") + out(7, "b\n") + out(7, "c\n") + out(8, "d\n"));
  turn();
  EXPECT_THAT(told.lines, ElementsAre("a", "b", "c", "d"));
  EXPECT_EQ(told.counts.losses, 0);
}

TEST_F(EngineStreamTest, BearsAClockThatSteppedBack) {
  start();
  out_stream().say_chunk(out(5, "a\n") + out(9, "b\n") + out(6, "c\n"));
  turn();
  start();
  out_stream().say_chunk(out(5, "a\n") + out(9, "b\n") + out(6, "c\n") + out(7, "d\n"));
  turn();
  EXPECT_THAT(told.lines, ElementsAre("a", "b", "c", "d"));
}

TEST_F(EngineStreamTest, CountsALossWhereThePlaceIsRotatedAway) {
  start();
  out_stream().say_chunk(out(5, "a\n"));
  turn();
  start();
  out_stream().say_chunk(out(9, "c\n"));
  turn();
  EXPECT_THAT(told.lines, ElementsAre("a", "c"));
  EXPECT_EQ(told.counts.losses, 1);
}

TEST_F(EngineStreamTest, JoinsPiecesAlsoAfterAKill) {
  start();
  out_stream().say_chunk(out(1, "a\n") + out(2, "pie"));
  turn();
  start();
  out_stream().say_chunk(out(1, "a\n") + out(2, "pie") + out(2, "ce\n"));
  turn();
  EXPECT_THAT(told.lines, ElementsAre("a", "piece"));
  EXPECT_EQ(told.counts.bytes, stamped(1, "a\n").size() + stamped(2, "pie").size() + stamped(2, "ce\n").size());
}

TEST_F(EngineStreamTest, EndsALineWhoseLastPieceHasNoNewline) {
  start();  // dockerd 20.10, "local" driver
  out_stream().say_chunk(out(1, std::string(200, 'x')) + out(1, "tail") + out(2, "b\n") + out(3, "y") + out(3, ""));
  turn();
  start();
  out_stream().say_chunk(out(2, "b\n") + out(3, "y") + out(3, "") + out(4, "c\n"));
  turn();
  EXPECT_THAT(told.lines, ElementsAre(std::string(200, 'x') + "tail", "b", "y", "c"));
}

TEST_F(EngineStreamTest, ConnectsAgainWhenTheEngineCameBack) {
  start();
  out_stream().say_chunk(out(1, "a\n"));
  turn();
  engine.requests.clear();  // closes all connections
  engine.refuses = true;
  turn();
  EXPECT_TRUE(follower->status(log).trouble.has_value() || engine.requests.empty());
  engine.refuses = false;
  for (int i = 0; i < 4; ++i) turn(10 * base::kSecond);
  ASSERT_FALSE(engine.requests.empty());
  out_stream().say_header();
  out_stream().say_chunk(out(1, "a\n") + out(2, "b\n"));
  turn();
  EXPECT_THAT(told.lines, ElementsAre("a", "b"));
}

TEST_F(EngineStreamTest, EndsWhenTheEngineHasSaidEverything) {
  start();
  out_stream().say_chunk(out(1, "a\n") + out(2, "no end"));
  turn();
  follower->finish(log);
  turn();
  EXPECT_THAT(told.ended_logs, IsEmpty());
  for (const auto& request : engine.requests) request.say("0\r\n\r\n");
  turn();
  EXPECT_THAT(told.lines, ElementsAre("a", "no end"));
  EXPECT_THAT(told.ended_logs, ElementsAre(log));
}

TEST_F(EngineStreamTest, DoesNotTakeARefusalForALog) {
  engine.refuses = true;
  start();
  engine.refuses = false;
  turn(10 * base::kSecond);
  const std::string body = R"({"message":"No such container: abc"})";
  for (const auto& request : engine.requests)
    request.say("HTTP/1.1 404 Not Found\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  turn();
  EXPECT_THAT(told.lines, IsEmpty());
  ASSERT_TRUE(follower->status(log).trouble.has_value());
  EXPECT_THAT(follower->status(log).trouble->message(), testing::HasSubstr("404"));
}

TEST_F(EngineStreamTest, BearsGarbageInsteadOfHttp) {
  engine.refuses = true;
  start();
  engine.refuses = false;
  turn(10 * base::kSecond);
  for (const auto& request : engine.requests) request.say(std::string(100'000, '\xff'));
  turn();
  EXPECT_THAT(told.lines, IsEmpty());
  EXPECT_TRUE(follower->status(log).trouble.has_value());
}

TEST(StreamPlace, IsTheSameAfterText) {
  const StreamPlace place{.streams = {{{.stamp = 1'735'787'045'123'456'789, .count = 2}, {.stamp = 0, .count = 0}}}};
  EXPECT_EQ(parse_stream_place(to_text(place)), place);
  for (const char* text : {"", "engine1", "engine1 1:2", "engine1 1:2 3", "engine1 1:2 3:4 5", "engine2 1:2 3:4"})
    EXPECT_EQ(parse_stream_place(text), std::nullopt) << text;
}

}  // namespace
}  // namespace benchd::logs
