#include "daemon/campaign/attempt.h"

#include <gtest/gtest.h>

#include "unit/daemon/campaign/engine/fake_engine.h"

namespace benchd::campaign {
namespace {

/// A frame of an engine's output.
std::string frame(const std::string& text) {
  return std::string("\1\0\0\0\0\0\0", 7) + static_cast<char>(text.size()) + text;
}

TEST(AttemptTest, HowACommandInAContainerEnds) {
  FakeEngine fake;
  base::Interrupts interrupts;
  const auto connected = Engine::connect({fake.socket()}, interrupts);
  ASSERT_TRUE(connected.ok()) << connected.error().message();
  const Engine& engine = *connected;
  fake.answer("POST /containers/c/exec", {.status = 201, .body = R"({"Id":"e"})"});
  fake.answer("POST /exec/e/start", {.body = frame("no ") + frame("response\n")});
  fake.answer("GET /exec/e/json", {.body = R"({"ExitCode":2})"});
  const auto attempt = [&](base::Instant patience) {
    return attempt_in_container(engine, "/containers/c", {"pg_isready"}, base::now() + patience);
  };
  EXPECT_EQ(*attempt(base::kSecond * 60), "ended with exit code 2: no response");
  EXPECT_NE(fake.body_of("POST /containers/c/exec").find(R"("Cmd":["pg_isready"])"), std::string::npos);
  fake.answer("GET /exec/e/json", {.body = R"({"ExitCode":0})"});
  EXPECT_EQ(*attempt(base::kSecond * 60), "");
  fake.answer("GET /exec/e/json", {.body = "[]"});
  EXPECT_EQ(*attempt(base::kSecond * 60), "ended with exit code -1: no response")
      << "an answer of nothing is no success";
}

}  // namespace
}  // namespace benchd::campaign
