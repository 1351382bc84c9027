#include "daemon/commands/stored_medians.h"

#include <algorithm>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "analysis/comparison/run_values.h"
#include "base/clock.h"
#include "exporters/report/words.h"

namespace benchd::daemon {

std::vector<std::string> stored_medians(const model::Campaign& campaign, const std::vector<model::RunRecord>& runs,
                                        const model::Experiment& experiment) {
  std::vector<std::vector<double>> values(experiment.variants.size());
  for (const model::RunRecord& record : runs) {
    const auto run = analysis::run_of(record, experiment);
    if (!run || run->failed || run->control || !run->exclusion.empty()) continue;
    if (const auto value = run->values[experiment.measure]) values[run->variant].push_back(*value);
  }
  std::vector<std::string> lines;
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i].empty()) continue;
    const auto middle = values[i].begin() + static_cast<std::ptrdiff_t>(values[i].size() / 2);
    std::nth_element(values[i].begin(), middle, values[i].end());
    lines.push_back(fmt::format("stored: {} had {} {} in {} runs on {:%F} (campaign {}); shown, never judged",
                                experiment.variants[i], model::entry_of(experiment.measure).title,
                                report::ValueFormat(experiment.measure, *middle)(*middle), values[i].size(),
                                fmt::gmtime(campaign.started_at / base::kSecond), campaign.id));
  }
  return lines;
}

}  // namespace benchd::daemon
