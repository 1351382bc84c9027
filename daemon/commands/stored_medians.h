#pragma once

#include <string>
#include <vector>

#include "model/experiment.h"
#include "model/run_record.h"

namespace benchd::daemon {

/// A line for each variant of `experiment` that another campaign has runs of, with their median of its measure: shown
/// beside a verdict and never judged, for what the host was like then nobody knows.
std::vector<std::string> stored_medians(const model::Campaign& campaign, const std::vector<model::RunRecord>& runs,
                                        const model::Experiment& experiment);

}  // namespace benchd::daemon
