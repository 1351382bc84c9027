#include "daemon/campaign/engine/maker.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace benchd::campaign {
namespace {

/// `maker` with another text in place of its nth part.
std::string with(std::string maker, int nth, const std::string& text) {
  size_t at = 0;
  for (int i = 0; i < nth; ++i) at = maker.find('/', at) + 1;
  return maker.replace(at, maker.find('/', at) - at, text);
}

TEST(MakerTest, WhoLivesIsNotGone) {
  EXPECT_FALSE(is_gone(this_maker()));
}

TEST(MakerTest, AProcessThatHasEndedIsGone) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(is_gone(with(this_maker(), 3, std::to_string(child))));
}

TEST(MakerTest, AnotherProcessUnderItsNumberIsNotIt) {
  EXPECT_TRUE(is_gone(with(this_maker(), 4, "1")));
}

TEST(MakerTest, NothingOutlivesItsBoot) {
  EXPECT_TRUE(is_gone(with(this_maker(), 1, "another")));
}

TEST(MakerTest, OfWhomNothingIsKnownNothingIsSaid) {
  EXPECT_FALSE(is_gone(with(with(this_maker(), 0, "another"), 1, "another"))) << "an engine may have several hosts";
  EXPECT_FALSE(is_gone(with(with(this_maker(), 2, "pid:[7]"), 4, "1"))) << "its numbers are not ours";
  for (const char* other : {"", "/", "a/b/c/d/e", "a/b/c/7", "a/b/c/-7/1"}) EXPECT_FALSE(is_gone(other)) << other;
}

}  // namespace
}  // namespace benchd::campaign
