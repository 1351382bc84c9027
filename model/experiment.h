#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/measure.h"

namespace benchd::model {

/// The definition of a comparison, fixed before the first run. Nothing in it is taken from the data.
struct Experiment {
  std::string name;
  Measure measure = Measure::Duration;
  std::string task_rule;     ///< whose tasks a task measure is about, where there are several rules
  double threshold = 0.03;   ///< δ: differences of the ratio within 1/(1+δ) … 1+δ do not matter
  double confidence = 0.95;  ///< of all intervals together
  std::vector<std::string> variants;
  uint32_t baseline = 0;         ///< index into variants
  bool control = false;          ///< the baseline once more in each block (A/A)
  std::optional<uint64_t> seed;  ///< of the order of starts; absent where benchd did not choose it
};

/// Variants of an experiment that are compared with each other: those of one cell of its matrix.
struct Cell {
  std::string name;                ///< "-O"; empty: its values are empty
  std::vector<uint32_t> variants;  ///< indices
  uint32_t baseline = 0;           ///< one of them
  friend bool operator==(const Cell&, const Cell&) = default;
};

}  // namespace benchd::model
