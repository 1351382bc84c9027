#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/campaign/definition/definition.h"

namespace benchd::campaign {

/// A small generator that gives the same numbers on every library: Steele, Lea, Flood 2014, "Fast splittable
/// pseudorandom number generators" (SplitMix64).
class SplitMix {
 public:
  explicit SplitMix(uint64_t seed) : state_(seed) {}
  uint64_t operator()();
  /// 0 … bound - 1, each as likely as the others.
  uint64_t below(uint64_t bound);

 private:
  uint64_t state_;
};

/// One start that a campaign asks for.
struct Start {
  uint64_t order = 0;  ///< from 0, warm-up runs included
  uint32_t variant = 0;
  bool control = false;           ///< the baseline's second start in its block
  std::optional<uint64_t> block;  ///< absent: a warm-up run
};

/// All starts of a campaign in their order: the warm-up runs, then blocks with each variant once, and with a control
/// the baseline twice, each block in an order of its own. Depends on the definition and the seed only, so that a
/// resumed campaign has the same one.
std::vector<Start> make_plan(const Definition& definition, uint64_t seed);

/// CAMPAIGN/BLOCK/START, "warm-up" for the block of a warm-up run.
std::string run_id(const std::string& campaign, const Start& start);

}  // namespace benchd::campaign
