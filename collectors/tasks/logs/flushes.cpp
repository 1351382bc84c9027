#include "collectors/tasks/logs/flushes.h"

#include <algorithm>
#include <cmath>

namespace benchd::logs {
namespace {

constexpr int64_t kMillisecond = 1'000'000;
/// Ends a burst. The lines of one flush are read one after the other and stamped as they are, by an engine that a busy
/// machine lets wait in between; and a shorter silence blurs no window of 10 ticks.
constexpr int64_t kSilence = 50 * kMillisecond;
constexpr uint64_t kBuffer = 4096;
constexpr uint64_t kLeastLines = 3;  ///< in a burst that says anything

// Of a burst that is no flush the bytes are any number: what fits by chance says as much as it is improbable. In
// natural logarithms: coarse at 1 in 10,000.
constexpr double kBelieve = 9.2;
constexpr double kDoubt = 3;
constexpr double kMost = 15;
constexpr double kAgainst = 5;  ///< a burst that is none

}  // namespace

bool Flushes::take(int64_t stamp, size_t bytes) {
  const int64_t gap = stamp - last_;
  if (gap >= kSilence || gap <= -kSilence) {
    if (gap > 0 && lines_ > 0) judge();
    bytes_ = 0;
    lines_ = 0;
    longest_ = 0;
  }
  last_ = stamp;
  bytes_ += bytes;
  ++lines_;
  longest_ = std::max(longest_, bytes);
  return coarse_;
}

void Flushes::judge() {
  // The line at the buffer's end is cut in two, or is the first of the next.
  const uint64_t slack = longest_;
  const double by_chance = static_cast<double>(2 * slack) / kBuffer;
  if (by_chance >= 1) return;
  const uint64_t over = bytes_ % kBuffer;
  const bool fills = bytes_ + slack >= kBuffer && (over <= slack || over >= kBuffer - slack);
  if (fills && lines_ >= kLeastLines) {
    evidence_ = std::min(evidence_ - std::log(by_chance), kMost);
  } else {
    evidence_ = std::max(evidence_ - kAgainst, 0.0);
  }
  coarse_ = evidence_ >= (coarse_ ? kDoubt : kBelieve);
}

}  // namespace benchd::logs
