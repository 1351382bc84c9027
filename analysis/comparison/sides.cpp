#include "analysis/comparison/sides.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <unordered_map>

namespace benchd::analysis {
namespace {

bool has_value(const model::Run& run, model::Measure measure) {
  return run.failed || run.values[measure];
}

std::vector<Unblocked::Host> on_both_sides(std::map<std::string_view, Unblocked::Host>&& hosts) {
  std::vector<Unblocked::Host> result;
  for (auto& [name, host] : hosts) {
    if (!host.baseline.empty() && !host.variant.empty()) result.push_back(std::move(host));
  }
  return result;
}

}  // namespace

Starts counted(const Starts& starts) {
  Starts result;
  std::copy_if(starts.begin(), starts.end(), std::back_inserter(result),
               [](const Start& start) { return start.run->exclusion.empty(); });
  return result;
}

std::optional<double> log_value(const model::Run& run, model::Measure measure) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (run.failed) return model::entry_of(measure).higher_is_better ? -kInfinity : kInfinity;
  const auto value = run.values[measure];
  return value ? std::optional(std::log(*value)) : std::nullopt;
}

Blocked pair_up(const Starts& baseline, const Starts& variant, model::Measure measure) {
  std::unordered_map<uint64_t, const model::Run*> baseline_of;
  for (const Start& start : baseline) {
    if (has_value(*start.run, measure)) baseline_of.emplace(start.block, start.run);
  }
  Blocked blocked;
  for (const Start& start : variant) {
    const auto found = baseline_of.find(start.block);
    if (found == baseline_of.end() || !has_value(*start.run, measure)) continue;
    const model::Run& mine = *start.run;
    const model::Run& theirs = *found->second;
    if (mine.failed && theirs.failed) continue;
    blocked.log_ratios.push_back(*log_value(mine, measure) - *log_value(theirs, measure));
    if (!mine.failed && !theirs.failed) blocked.values.push_back({*theirs.values[measure], *mine.values[measure]});
  }
  return blocked;
}

Unblocked by_host(const Starts& baseline, const Starts& variant, model::Measure measure) {
  std::map<std::string_view, Unblocked::Host> logs, values;
  const auto gather = [&](const Starts& starts, std::vector<double> Unblocked::Host::*side) {
    for (const Start& start : starts) {
      const model::Run& run = *start.run;
      if (const auto log = log_value(run, measure)) (logs[run.host].*side).push_back(*log);
      if (!run.failed && run.values[measure]) (values[run.host].*side).push_back(*run.values[measure]);
    }
  };
  gather(baseline, &Unblocked::Host::baseline);
  gather(variant, &Unblocked::Host::variant);
  return {on_both_sides(std::move(logs)), on_both_sides(std::move(values))};
}

std::vector<Samples> samples_of(const std::vector<Unblocked::Host>& hosts) {
  std::vector<Samples> samples;
  samples.reserve(hosts.size());
  for (const Unblocked::Host& host : hosts) samples.push_back({host.baseline, host.variant});
  return samples;
}

}  // namespace benchd::analysis
