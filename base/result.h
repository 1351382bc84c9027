#pragma once

#include <cerrno>
#include <string>
#include <utility>
#include <variant>

namespace benchd::base {

/// Why something did not work: what was attempted, on what, and the errno (0 where no system call failed).
struct Error {
  int code = 0;
  std::string attempt;  ///< "open /sys/fs/cgroup/cpu.stat"; reads on with ": No such file or directory"

  /// One line for a log or a terminal.
  std::string message() const;
};

/// The errno at hand, with what was attempted.
Error errno_error(std::string attempt);

/// A value, or the reason why there is none. Exceptions end at the library that threw them; from there on errors are
/// values. (std::expected needs C++23.)
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}      // NOLINT(google-explicit-constructor): `return value;`
  Result(Error error) : state_(std::move(error)) {}  // NOLINT(google-explicit-constructor): `return error;`

  bool ok() const { return std::holds_alternative<T>(state_); }
  explicit operator bool() const { return ok(); }

  /// Undefined unless ok().
  T& operator*() & { return *std::get_if<T>(&state_); }
  const T& operator*() const& { return *std::get_if<T>(&state_); }
  T&& operator*() && { return std::move(*std::get_if<T>(&state_)); }
  T* operator->() { return std::get_if<T>(&state_); }
  const T* operator->() const { return std::get_if<T>(&state_); }

  /// Undefined if ok().
  const Error& error() const { return *std::get_if<Error>(&state_); }

 private:
  std::variant<T, Error> state_;
};

/// Success without a value.
struct Done {};

}  // namespace benchd::base
