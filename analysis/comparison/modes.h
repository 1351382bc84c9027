#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/verdict.h"

namespace benchd::analysis {

/// The humps of a distribution, ascending; fewer than two means one.
struct Modes {
  std::vector<model::Mode> modes;
  std::vector<double> valleys;  ///< between them: a value above valleys[i] belongs to modes[i + 1] or higher
};

/// By the density of the logarithms (Gaussian kernel, Silverman's bandwidth 0.9·min(σ, IQR/1.349)·n^(-1/5)): a valley
/// separates two modes if it is lower than 0.7 of the lower peak and at least 5 % of the values lie on either side.
/// False alarms in simulation: 0 % on normal and lognormal values, 11 % on an exponential tail. `values` are above 0.
Modes find_modes(std::span<const double> values);

/// What a run's mode might come from.
struct ModeClue {
  double value;
  std::optional<uint32_t> cpu;
};

/// What tells a value's mode, in the order of starts: "cpu 3" where the runs of one cpu (or all but those) are the ones
/// of one mode, "time" where those before some instant are. It must spare three of four errors of guessing without it.
/// Empty where nothing does.
std::string what_separates(const Modes& modes, std::span<const ModeClue> runs);

}  // namespace benchd::analysis
