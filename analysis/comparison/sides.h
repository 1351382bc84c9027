#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "analysis/inference/bootstrap.h"
#include "model/run.h"

/// The runs of a variant and of the baseline, made comparable. Pointers go to the caller's runs.
namespace benchd::analysis {

/// A run in its place.
struct Start {
  const model::Run* run;
  uint64_t order;  ///< among all runs of the comparison, from 0
  uint64_t block;  ///< unique over hosts; 0 where there are none
};
using Starts = std::vector<Start>;  ///< in their order

/// Without the excluded ones.
Starts counted(const Starts& starts);

/// The logarithm of a run's measure, that of a failed one being the worst there is; nothing where the run has no value.
std::optional<double> log_value(const model::Run& run, model::Measure measure);

/// Two sides block by block: only blocks that both have a value of, and not those that failed on both sides.
struct Blocked {
  std::vector<double> log_ratios;  ///< variant / baseline; infinite where one failed
  std::vector<Pair> values;        ///< where neither failed
};
Blocked pair_up(const Starts& baseline, const Starts& variant, model::Measure measure);

/// Two sides host by host, hosts that only one of them has left out.
struct Unblocked {
  struct Host {
    std::vector<double> baseline;
    std::vector<double> variant;
  };
  std::vector<Host> logs;    ///< infinite where failed
  std::vector<Host> values;  ///< of those that did not fail; hosts with none on a side left out
};
Unblocked by_host(const Starts& baseline, const Starts& variant, model::Measure measure);

std::vector<Samples> samples_of(const std::vector<Unblocked::Host>& hosts);

}  // namespace benchd::analysis
