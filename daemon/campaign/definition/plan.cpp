#include "daemon/campaign/definition/plan.h"

#include <utility>

namespace benchd::campaign {
namespace {

constexpr uint64_t kGolden = 0x9e3779b97f4a7c15;

template <class T>
void shuffle(std::vector<T>& items, SplitMix& random) {
  for (size_t left = items.size(); left > 1; --left) std::swap(items[left - 1], items[random.below(left)]);
}

}  // namespace

uint64_t SplitMix::operator()() {
  uint64_t z = state_ += kGolden;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

uint64_t SplitMix::below(uint64_t bound) {
  const uint64_t unfair = (0 - bound) % bound;  // that many of the 2^64 numbers would favour the lowest
  for (;;) {
    const uint64_t drawn = (*this)();
    if (drawn >= unfair) return drawn % bound;
  }
}

std::vector<Start> make_plan(const Definition& definition, uint64_t seed) {
  const auto variants = static_cast<uint32_t>(definition.variants.size());
  std::vector<uint32_t> baselines;
  for (const model::Cell& cell : definition.cells) baselines.push_back(cell.baseline);
  if (baselines.empty()) baselines.push_back(definition.experiment.baseline);
  SplitMix random(seed);
  std::vector<Start> plan;
  const auto add_round = [&](std::optional<uint64_t> block) {
    std::vector<Start> round;
    for (uint32_t variant = 0; variant < variants; ++variant) round.push_back({.variant = variant, .block = block});
    if (block && definition.experiment.control)
      for (const uint32_t baseline : baselines) round.push_back({.variant = baseline, .control = true, .block = block});
    shuffle(round, random);
    for (Start& start : round) {
      start.order = plan.size();
      plan.push_back(start);
    }
  };
  for (uint64_t round = 0; round < definition.warm_up; ++round) add_round(std::nullopt);
  for (uint64_t block = 0; block < definition.runs; ++block) add_round(block);
  return plan;
}

std::string run_id(const std::string& campaign, const Start& start) {
  return campaign + '/' + (start.block ? std::to_string(*start.block) : std::string("warm-up")) + '/' +
         std::to_string(start.order);
}

}  // namespace benchd::campaign
