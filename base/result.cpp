#include "base/result.h"

#include <system_error>

namespace benchd::base {

std::string Error::message() const {
  if (code == 0) return attempt;
  return attempt + ": " + std::generic_category().message(code);
}

Error errno_error(std::string attempt) {
  return {.code = errno, .attempt = std::move(attempt)};
}

}  // namespace benchd::base
