#pragma once

#include <functional>
#include <iosfwd>
#include <string>

#include "base/result.h"
#include "model/run_record.h"

/// Runs and campaigns as `benchd runs export` writes them.
namespace benchd::results {

/// To whom what is read is given, one by one; an Error ends the reading and gets "FILE:LINE: " in front.
struct RecordSink {
  std::function<base::Result<base::Done>(model::Campaign)> campaign;
  std::function<base::Result<base::Done>(model::RunRecord)> run;
};

/// Reads JSON Lines (where the first character is '{') or CSV, line by line: there may be more of them
/// than memory holds. Members and columns are those of model/run_fields.h; those that are missing are unknown, but for
/// id, experiment and variant, and others than those are refused. `file` is a name for errors: "FILE:LINE: what is
/// wrong and what is allowed".
base::Result<base::Done> read_records(std::istream& in, const std::string& file, const RecordSink& sink);

/// What report::run_json wrote, also of a run that is not over and has no names yet.
base::Result<model::RunRecord> parse_run(const std::string& json);

}  // namespace benchd::results
