#pragma once

#include "base/result.h"
#include "model/status.h"

namespace benchd::kernel {

/// What it means for the user that the kernel programs could not be loaded, and what mends it. `no_estimates`: why
/// there is no ThreadEstimator instead; null where there is.
model::State unavailable(const base::Error& error, const base::Error* no_estimates);

}  // namespace benchd::kernel
