#pragma once

#include <functional>

#include "base/result.h"
#include "daemon/options.h"

namespace benchd::daemon {

/// Runs the daemon until SIGTERM or SIGINT; SIGHUP calls `reload` for new options and applies what can change. The
/// calling thread becomes the sampler's. The Error is of the start: no cgroup2, an address in use.
base::Result<base::Done> serve(const Options& options, const std::function<base::Result<Options>()>& reload);

}  // namespace benchd::daemon
