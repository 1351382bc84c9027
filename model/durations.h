#pragma once

#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

namespace benchd::model {

/// How many durations fell into which bucket: (bucket, durations), ascending, none of 0. The buckets are fixed for all
/// time and hosts, so that any two distributions may be added: exact below 64 ns, then 64 of equal width from each
/// power of two to the next. The middle of a bucket is within 0.8 % of all that is in it.
using Durations = std::vector<std::pair<uint32_t, uint64_t>>;

inline constexpr uint32_t kBucketBits = 6;

constexpr uint32_t duration_bucket(uint64_t nanoseconds) {
  constexpr uint64_t kExact = uint64_t{1} << kBucketBits;
  if (nanoseconds < kExact) return static_cast<uint32_t>(nanoseconds);
  const auto octave = static_cast<uint32_t>(std::bit_width(nanoseconds)) - 1 - kBucketBits;
  return (octave << kBucketBits) + static_cast<uint32_t>(nanoseconds >> octave);
}

/// The least and the greatest duration of a bucket, in nanoseconds. `bucket` is at most that of the greatest uint64_t.
constexpr std::pair<uint64_t, uint64_t> duration_range(uint32_t bucket) {
  constexpr uint32_t kExact = uint32_t{1} << kBucketBits;
  if (bucket < kExact) return {bucket, bucket};
  const uint32_t octave = (bucket >> kBucketBits) - 1;
  const uint64_t low = uint64_t{(bucket & (kExact - 1)) + kExact} << octave;
  return {low, low + ((uint64_t{1} << octave) - 1)};
}

inline constexpr uint32_t kLastDurationBucket = duration_bucket(UINT64_MAX);

}  // namespace benchd::model
