#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/experiment.h"

namespace benchd::results {

struct FixedExperiment {
  model::Experiment whole;
  std::vector<model::Cell> cells;  ///< of its matrix; none: all variants are compared with each other
};

/// What a campaign's stored definition, canonical JSON with the names of a campaign file, says of its experiment:
/// "measure" (a name, or {name: task rule}), "threshold" and "confidence" (a share, "3%" or 0.03), "baseline",
/// "control", "variants" (an object by name, or a list of objects with a "name" or of names), and "cells" (a list of
/// objects with "name", "baseline" and "variants", where there is a matrix). What else it holds is about how runs are
/// made.
base::Result<FixedExperiment> parse_definition(std::string_view definition);

}  // namespace benchd::results
