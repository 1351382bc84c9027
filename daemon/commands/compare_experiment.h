#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "exporters/report/plots.h"
#include "model/run_record.h"

namespace benchd::daemon {

/// What `compare EXPERIMENT` was asked. Texts as they were typed; empty: not given.
struct ExperimentQuestion {
  std::string experiment;
  std::string campaign;  ///< "none": the runs outside of any
  std::string ledger;
  std::string against;  ///< another campaign, whose figures are shown beside
  std::string socket;   ///< of the daemon, where it writes to that ledger
  std::string baseline;
  std::string threshold;
  std::string measure;
  std::string confidence;
  bool accept_order = false;
};

/// How far a campaign is that has no verdict yet.
struct Progress {
  model::Campaign campaign;
  uint64_t blocks = 0;  ///< begun
  uint64_t runs = 0;    ///< that count, without warm-up runs
  uint64_t failed = 0;
  std::string why;  ///< there is no verdict
};

/// One of the two.
struct ExperimentAnswer {
  std::vector<report::Evidence> cells;  ///< of its matrix; one where it has none
  std::optional<Progress> progress;
  std::vector<std::string> stored;  ///< lines on the figures of another campaign
};

/// "python-builds, campaign …: 37 of 100 blocks begun, 185 runs (3 failed); no verdict: …"
std::string as_text(const Progress& progress);
/// One JSON object without comparisons, with a newline.
std::string as_json(const Progress& progress);

/// The verdicts on an experiment in the ledger: on its latest campaign, by the definition that the campaign stored; a
/// flag that contradicts it is an Error. Runs outside of any campaign have no definition, and the flags' is theirs. A
/// campaign that goes on is looked at through the ledger's writer, which counts the look, or not at all.
base::Result<ExperimentAnswer> compare_experiment(const ExperimentQuestion& question);

}  // namespace benchd::daemon
