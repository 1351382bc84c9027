#pragma once

#include <span>
#include <string>

#include "exporters/report/plots.h"

namespace benchd::report {

/// One HTML file that needs no other and no network: verdicts, notes, plots, exclusions and failures, methods in words,
/// and the raw values to download; of each cell of a matrix one after the other, or of the one comparison that there
/// is.
std::string as_html(std::span<const Evidence> cells);

}  // namespace benchd::report
