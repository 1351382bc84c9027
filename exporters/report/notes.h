#pragma once

#include <string>
#include <vector>

#include "model/verdict.h"

namespace benchd::report {

/// What stands below a table of verdicts: one note a string, about one variant or about all.
std::vector<std::string> notes(const model::ComparisonSet& set);

}  // namespace benchd::report
