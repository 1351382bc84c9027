#pragma once

#include <span>

#include "model/container.h"
#include "model/reading.h"
#include "model/run_record.h"
#include "model/task.h"

/// From what is read of a container to the record of its run.
namespace benchd::analysis {

/// All that the container has counted by this reading; what is not in it stays as it was. `collects_io`: no row for any
/// device is no IO. Estimates are left out: the record's figures are exact.
void take_figures(const model::Reading& reading, bool collects_io, model::RunRecord& record);

/// What a run used: `record` without what its container had counted `before` it began. Tasks too. The peak of memory is
/// the container's, and nobody's where it had another run before.
void subtract(model::RunRecord& record, const model::RunRecord& before);

/// What the runtime says of a container whose run this is, but for its end.
void describe(const model::Metadata& metadata, model::RunRecord& record);

/// Exit code and failure. False where the metadata tells of no end after the record's start: an engine reports the one
/// before for a moment.
bool take_end(const model::Metadata& metadata, model::RunRecord& record);

/// Tasks and their span; keys without a task are left out.
void take_tasks(std::span<const model::TaskFigures> tasks, model::RunRecord& record);

}  // namespace benchd::analysis
