#pragma once

#include "analysis/comparison/sides.h"
#include "model/verdict.h"

namespace benchd::analysis {

/// What one comparison is judged by.
struct Terms {
  model::Measure measure;
  double threshold;
  double alpha;         ///< of the verdict's interval: one comparison's share of all that this look may be wrong by
  double beside_alpha;  ///< of the intervals beside the verdict, each by itself
  bool blocked;
  bool order_accepted;  ///< a verdict although one variant ran after the other
};

/// The baseline once more against itself.
model::Control judge_control(const Starts& baseline, const Starts& control, const Terms& terms);

/// One variant against the baseline; `control` is that of the set, null where there is none. Leaves Comparison::variant
/// empty. The excluded runs count in with_excluded alone.
model::Comparison judge(const Starts& baseline, const Starts& variant, const model::Control* control,
                        const Terms& terms);

}  // namespace benchd::analysis
