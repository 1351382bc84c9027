#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

/// What reading numbers and durations has in common. Internal to this folder.
namespace benchd::rules {

inline bool digit(char c) {
  return c >= '0' && c <= '9';
}

inline bool digit_at(std::string_view text, size_t i) {
  return i < text.size() && digit(text[i]);
}

/// False: the sum does not fit.
inline bool add(int64_t& sum, int64_t value) {
  return !__builtin_add_overflow(sum, value, &sum);
}

}  // namespace benchd::rules
