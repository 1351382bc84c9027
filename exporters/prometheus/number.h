#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

namespace benchd::exposition {

/// One sample's value, kept in the whole number the kernel gave it in until it is written: seconds and bytes appear
/// only in the text.
class Number {
 public:
  /// A count, or bytes.
  static constexpr Number count(uint64_t value) { return {Kind::Count, value, 0}; }
  /// A duration, written in seconds.
  static constexpr Number microseconds(uint64_t value) { return {Kind::Microseconds, value, 0}; }
  /// A duration, written in seconds.
  static constexpr Number nanoseconds(uint64_t value) {
    return value % 1000 == 0 ? microseconds(value / 1000) : real(static_cast<double>(value) / 1e9);
  }
  static constexpr Number real(double value) { return {Kind::Real, 0, value}; }
  /// What a limit says that is none.
  static constexpr Number infinite() { return real(std::numeric_limits<double>::infinity()); }

  /// In the unit that is written: what a Prometheus server will store.
  constexpr double value() const {
    switch (kind_) {
      case Kind::Count:
        return static_cast<double>(whole_);
      case Kind::Microseconds:
        return static_cast<double>(whole_) / 1e6;
      case Kind::Real:
        break;
    }
    return real_;
  }

  /// Room that write() may need.
  static constexpr size_t kMaxLength = 32;

  /// Writes the text that prometheus-cpp's TextSerializer writes for value() (16 significant digits, "+Inf", "-Inf",
  /// "Nan") at `out`, which has kMaxLength bytes, and returns its end.
  char* write(char* out) const;

 private:
  enum class Kind : uint8_t { Count, Microseconds, Real };
  constexpr Number(Kind kind, uint64_t whole, double real) : kind_(kind), whole_(whole), real_(real) {}

  Kind kind_;
  uint64_t whole_;
  double real_;
};

}  // namespace benchd::exposition
