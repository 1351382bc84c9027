#pragma once

#include <string>
#include <vector>

#include "model/run_record.h"

/// Runs and campaigns as the ledger holds them, for programs. Members and columns are named as in model/run_fields.h;
/// collectors/results/records.h reads these formats back, each figure as it was.
namespace benchd::report {

/// One JSON object without a newline; what is unknown is null. Texts are valid UTF-8.
std::string run_json(const model::RunRecord& run);
std::string campaign_json(const model::Campaign& campaign);

/// An export is JSON Lines: {"campaign": {…}} for each campaign, then {"run": {…}} for each run.
std::string campaign_line(const model::Campaign& campaign);
std::string run_line(const model::RunRecord& run);

/// The names of the columns, and one run, quoted as in RFC 4180, each with a newline. What is unknown is empty; lists
/// are JSON in their cell.
std::string run_csv_head();
std::string run_csv(const model::RunRecord& run);

/// Prometheus's text format, for node_exporter's textfile collector: one gauge a figure and run, those that are known.
std::string runs_textfile(const std::vector<model::RunRecord>& runs);

}  // namespace benchd::report
