#include "analysis/comparison/cells.h"

namespace benchd::analysis {

std::vector<model::Experiment> experiments_of(const model::Experiment& whole, std::span<const model::Cell> cells) {
  if (cells.empty()) return {whole};
  std::vector<model::Experiment> experiments;
  for (const model::Cell& cell : cells) {
    model::Experiment experiment = whole;
    if (!cell.name.empty()) experiment.name += ' ' + cell.name;
    experiment.confidence = 1 - (1 - whole.confidence) / static_cast<double>(cells.size());
    experiment.variants.clear();
    for (const uint32_t variant : cell.variants) {
      if (variant == cell.baseline) experiment.baseline = static_cast<uint32_t>(experiment.variants.size());
      experiment.variants.push_back(whole.variants[variant]);
    }
    experiments.push_back(std::move(experiment));
  }
  return experiments;
}

}  // namespace benchd::analysis
