#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/experiment.h"
#include "model/run.h"
#include "model/run_record.h"

namespace benchd::analysis {

/// A run's one number for each measure that it has one of. Task measures are about its tasks of kind `task` with the
/// outcome "ok"; an empty `task` is the only kind there is, and where there are several there is no such measure.
/// A percentile p wants 10/(1-p) tasks.
model::MeasuredValues values_of(const model::RunRecord& record, std::string_view task);

/// Why values_of() has no such measure.
std::string why_without(const model::RunRecord& record, model::Measure measure, std::string_view task);

/// The run as a comparison sees it; nothing for a warm-up run and one of a variant that the experiment does not have.
std::optional<model::Run> run_of(const model::RunRecord& record, const model::Experiment& experiment);

}  // namespace benchd::analysis
