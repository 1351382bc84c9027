#pragma once

#include <optional>

#include "exporters/report/plots.h"

namespace benchd::report {

/// CPU and memory of each variant beside the time since a run's start, from the
/// runs that were read while they went on; nothing where there are none.
std::optional<Plot> course_plot(const Evidence& evidence);

}  // namespace benchd::report
