#pragma once

#include <chrono>
#include <string>

#include "base/result.h"

namespace benchd::daemon {

/// GET `target` of the benchd that listens where `--web.listen-address` says, and gives the body of its answer. One
/// that listens on all interfaces is asked on loopback. The Error says why there is no answer, or which other status
/// than 200 it has.
base::Result<std::string> ask_daemon(const std::string& listen_address, const std::string& target,
                                     std::chrono::milliseconds patience);

}  // namespace benchd::daemon
