#pragma once

#include <string>

#include "analysis/comparison/sides.h"
#include "model/verdict.h"

namespace benchd::analysis {

/// What the runs of one variant look like by themselves. `alpha` is that of the trimmed mean's interval.
model::VariantSummary summarize(const std::string& name, const Starts& starts, model::Measure measure, double alpha);

}  // namespace benchd::analysis
