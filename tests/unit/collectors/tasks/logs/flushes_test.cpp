#include "collectors/tasks/logs/flushes.h"

#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace benchd::logs {
namespace {

constexpr int64_t kMs = 1'000'000;
constexpr int64_t kBegin = 1'735'689'600'000 * kMs;

/// A program that finishes a task of `pause` after the other, and its engine. Stamps each line when it arrives.
class Program {
 public:
  enum class Manner { Lines, Stdio, Python };
  Program(Manner manner, size_t buffer, int64_t pause) : manner_(manner), buffer_(buffer), pause_(pause) {}

  /// How many lines of `count` were taken for lines of flushes.
  size_t run(size_t count, size_t least_length = 60, size_t most_length = 100) {
    std::uniform_int_distribution<size_t> length(least_length, most_length);
    size_t coarse = 0;
    for (size_t i = 0; i < count; ++i) {
      now_ += pause_;
      coarse += write(length(random_));
    }
    return coarse;
  }
  bool coarse() const { return flushes_.coarse(); }
  /// Every tenth line of a flush is stamped so much after the one before.
  void let_engine_wait(int64_t time) { engine_waits_ = time; }

 private:
  size_t write(size_t length) {
    size_t coarse = 0;
    // CPython lets go of whole lines when one more does not fit; glibc fills the buffer to its last byte.
    if (manner_ == Manner::Python && filled_ + length > buffer_) coarse = flush();
    pending_.push_back(length);
    filled_ += length;
    if (manner_ == Manner::Lines) return flush();
    if (manner_ == Manner::Stdio && filled_ >= buffer_) {
      const size_t begun = filled_ - buffer_;
      if (begun > 0) pending_.pop_back();
      coarse = flush();
      if (begun > 0) pending_.push_back(length);
      filled_ = begun;
    }
    return coarse;
  }

  size_t flush() {
    size_t coarse = 0;
    int64_t stamp = now_;
    for (size_t i = 0; i < pending_.size(); ++i) {
      stamp += i % 10 == 9 ? engine_waits_ : kMs / 50;
      coarse += flushes_.take(stamp, pending_[i]) ? 1 : 0;
    }
    pending_.clear();
    filled_ = 0;
    return coarse;
  }

  Manner manner_;
  size_t buffer_;
  int64_t pause_;
  int64_t engine_waits_ = kMs / 50;
  int64_t now_ = kBegin;
  size_t filled_ = 0;
  std::vector<size_t> pending_;
  Flushes flushes_;
  std::mt19937 random_{7};
};

TEST(Flushes, LinesWithStampsOfTheirOwnAreNone) {
  EXPECT_EQ(Program(Program::Manner::Lines, 0, 10 * kMs).run(10'000), 0);
  EXPECT_EQ(Program(Program::Manner::Lines, 0, 500 * kMs).run(10'000), 0);
  EXPECT_EQ(Program(Program::Manner::Lines, 0, kMs).run(10'000), 0);
}

TEST(Flushes, OfGlibcsBufferAreSeen) {
  Program program(Program::Manner::Stdio, 4096, 10 * kMs);
  program.run(1'000);
  EXPECT_TRUE(program.coarse());
  EXPECT_GT(program.run(1'000), 900);
}

TEST(Flushes, OfPythonsBufferAreSeen) {
  Program program(Program::Manner::Python, 8192, 5 * kMs);
  program.run(1'000);
  EXPECT_TRUE(program.coarse());
  EXPECT_GT(program.run(1'000), 900);
}

TEST(Flushes, AreSeenThoughABusyMachineLetsTheEngineWait) {
  Program program(Program::Manner::Python, 8192, 5 * kMs);
  program.let_engine_wait(20 * kMs);
  program.run(1'000);
  EXPECT_GT(program.run(1'000), 900);
}

TEST(Flushes, OfAProgramThatFillsItsBufferInNoTimeBlurNothing) {
  EXPECT_EQ(Program(Program::Manner::Stdio, 4096, kMs / 10).run(100'000), 0);
}

TEST(Flushes, BurstsOfAnyOtherSizeAreNone) {
  std::mt19937 random(3);
  std::uniform_int_distribution<size_t> lines(1, 200);
  std::uniform_int_distribution<size_t> bytes(50, 120);
  Flushes flushes;
  int64_t now = kBegin;
  size_t coarse = 0;
  size_t all = 0;
  for (int burst = 0; burst < 2'000; ++burst) {
    now += 400 * kMs;
    for (size_t left = lines(random); left > 0; --left, ++all) coarse += flushes.take(now, bytes(random)) ? 1 : 0;
  }
  EXPECT_LT(coarse, all / 100) << "threads that finish together";
}

TEST(Flushes, AreOverWhenLinesComeOneByOneAgain) {
  Flushes flushes;
  int64_t now = kBegin;
  for (int burst = 0; burst < 10; ++burst) {
    now += 400 * kMs;
    for (int line = 0; line < 64; ++line) flushes.take(now, 64);
  }
  EXPECT_TRUE(flushes.coarse());
  for (int line = 0; line < 10; ++line) flushes.take(now += 100 * kMs, 64);
  EXPECT_FALSE(flushes.coarse());
}

TEST(Flushes, OfLinesAsLongAsTheBufferCannotBeTold) {
  EXPECT_EQ(Program(Program::Manner::Stdio, 4096, 100 * kMs).run(2'000, 3'000, 5'000), 0);
}

}  // namespace
}  // namespace benchd::logs
