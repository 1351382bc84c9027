#pragma once

#include <cerrno>

namespace benchd::base {

/// Descriptors or memory are used up: not the fault of what was opened, another time it works.
constexpr bool means_exhausted(int error) {
  return error == EMFILE || error == ENFILE || error == ENOMEM;
}

}  // namespace benchd::base
