#pragma once

#include "model/run_record.h"

namespace benchd::test {

/// A run of which everything is known, each figure another one, and texts that must be quoted.
model::RunRecord sample_run();

}  // namespace benchd::test
