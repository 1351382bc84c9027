#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model/measure.h"

namespace benchd::model {

/// One start of one variant, as a comparison sees it.
struct Run {
  uint32_t variant = 0;           ///< index into its Experiment's variants
  bool control = false;           ///< the baseline's second start in its block (A/A)
  bool failed = false;            ///< failed, timed out, killed for want of memory: an outcome, and the worst one
  std::optional<uint64_t> block;  ///< absent where runs were not started in blocks
  std::optional<uint32_t> cpu;    ///< the one it spent most of its time on, where known
  std::string host;               ///< empty where there is only one
  std::string exclusion;          ///< the cause outside the variant for which it does not count; empty: it counts
  MeasuredValues values;          ///< a failed run may have none
};

}  // namespace benchd::model
