#pragma once

#include "base/result.h"
#include "model/status.h"

namespace benchd::kernel {

/// What it means for the user that the kernel programs could not be loaded, and what mends it. `no_estimates`: why
/// there is no ThreadEstimator instead; null where there is.
model::State unavailable(const base::Error& error, const base::Error* no_estimates);

/// Whether a walk over threads in this process meets those of all containers: in a pid namespace other than the initial
/// one it meets that one's alone.
bool sees_all_threads();
/// What it means for the user that it does not.
model::State hidden_threads();

}  // namespace benchd::kernel
