#pragma once

#include <string>
#include <string_view>

#include "collectors/results/json_document.h"
#include "collectors/results/results.h"

/// One parser a format. Internal to this folder.
namespace benchd::results {

/// Lines of `variant[,block],value`, or any columns under a first line that names them: `variant`, then `block` (a
/// number), `host`, `outcome` (ok or failed), `excluded` (a cause, empty: none) and measures by the names of
/// model::kMeasures. Quotes as in RFC 4180. Rows are in the order of starts.
base::Result<Results> parse_csv(std::string_view text, const std::string& file);

/// hyperfine --export-json: 1.x (`results[].times`, `.exit_codes`, `.memory_usage_byte`) and schema 2 of 2.0
/// (`results[].measurements[]`). A variant is a command, by its name where it has one; an exit code other than 0, or
/// none (killed by a signal), is a failed run. hyperfine runs one command after the other.
base::Result<Results> parse_hyperfine(const JsonDocument& document);

/// pyperf's result files, version 1.0 (`benchmarks[].runs[].values`). A variant is a benchmark, a run is a process: the
/// mean of its values, which are seconds of one task unless `unit` says bytes or a plain number. Calibration and
/// warm-up values do not count.
base::Result<Results> parse_pyperf(const JsonDocument& document);

/// Why a value is none that a run can have; empty where it is one.
std::string objection(const nlohmann::json& value);

/// The index of a variant, a new one where the name is new.
uint32_t variant_index(Results& results, const std::string& name);

}  // namespace benchd::results
