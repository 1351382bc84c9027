#include <algorithm>
#include <array>
#include <set>

#include "collectors/results/formats.h"

namespace benchd::results {
namespace {

using model::Measure;
using nlohmann::json;
using Pointer = JsonDocument::Pointer;

/// A command that was measured twice (an A/A test) is two variants.
std::string distinct(const std::string& name, std::set<std::string>& taken) {
  std::string result = name;
  for (size_t i = 2; !taken.insert(result).second; ++i) result = name + " #" + std::to_string(i);
  return result;
}

base::Result<base::Done> add_times(const JsonDocument& document, const Pointer& at, uint32_t variant,
                                   Results& results) {
  const json* times = document.find(at / "times");
  if (times == nullptr || !times->is_array())
    return document.error(at, "there is no list \"times\": export again with hyperfine --export-json");
  const json* codes = document.find(at / "exit_codes");
  const json* memory = document.find(at / "memory_usage_byte");
  for (const auto* list : {codes, memory}) {
    if (list != nullptr && (!list->is_array() || list->size() != times->size()))
      return document.error(at / (list == codes ? "exit_codes" : "memory_usage_byte"),
                            "expected a list as long as \"times\"");
  }
  for (size_t i = 0; i < times->size(); ++i) {
    if (const auto why = objection((*times)[i]); !why.empty()) return document.error(at / "times" / i, why);
    model::Run run;
    run.variant = variant;
    run.values.set(Measure::Duration, (*times)[i].get<double>());
    if (codes != nullptr) run.failed = (*codes)[i] != 0;
    if (memory != nullptr) {
      if (const auto why = objection((*memory)[i]); !why.empty())
        return document.error(at / "memory_usage_byte" / i, why);
      run.values.set(Measure::MemoryPeak, (*memory)[i].get<double>());
    }
    results.runs.push_back(std::move(run));
  }
  return base::Done{};
}

struct Metric {
  const char* name;
  Measure measure;
};
constexpr std::array kMetrics = {Metric{"time_wall_clock", Measure::Duration}, Metric{"time_cpu", Measure::CpuSeconds},
                                 Metric{"memory_peak_resident", Measure::MemoryPeak}};

base::Result<base::Done> add_measurements(const JsonDocument& document, const Pointer& at, uint32_t variant,
                                          Results& results) {
  const json& measurements = document.root().at(at / "measurements");
  if (!measurements.is_array()) return document.error(at / "measurements", "expected a list");
  for (size_t i = 0; i < measurements.size(); ++i) {
    const Pointer here = at / "measurements" / i;
    model::Run run;
    run.variant = variant;
    for (const auto& [name, measure] : kMetrics) {
      const json* value = document.find(here / name / "value");
      if (value == nullptr) continue;
      if (const auto why = objection(*value); !why.empty()) return document.error(here / name / "value", why);
      run.values.set(measure, value->get<double>());
    }
    if (!run.values[Measure::Duration]) return document.error(here, "there is no \"time_wall_clock\"");
    if (const json* code = document.find(here / "exit_code")) run.failed = *code != 0;
    results.runs.push_back(std::move(run));
  }
  return base::Done{};
}

}  // namespace

base::Result<Results> parse_hyperfine(const JsonDocument& document) {
  const Pointer list("/results");
  const json* commands = document.find(list);
  if (commands == nullptr || !commands->is_array() || commands->empty())
    return document.error(list, "expected a list of hyperfine's results");
  if (commands->size() > kMostVariants)
    return document.error(list, "more than " + std::to_string(kMostVariants) + " commands");
  Results results;
  std::set<std::string> names;
  for (size_t i = 0; i < commands->size(); ++i) {
    const Pointer at = list / i;
    const json* name = document.find(at / "name");
    if (name == nullptr || !name->is_string()) name = document.find(at / "command");
    if (name == nullptr || !name->is_string()) return document.error(at, "there is no \"command\"");
    const uint32_t variant = variant_index(results, distinct(name->get<std::string>(), names));
    const bool schema_2 = document.find(at / "measurements") != nullptr;
    const auto added =
        schema_2 ? add_measurements(document, at, variant, results) : add_times(document, at, variant, results);
    if (!added.ok()) return added.error();
  }
  for (const auto& [name, measure] : kMetrics) {
    if (std::any_of(results.runs.begin(), results.runs.end(),
                    [measure = measure](const model::Run& run) { return run.values[measure].has_value(); }))
      results.measures.push_back(measure);
  }
  if (results.runs.empty()) return document.error(list, "there are no runs");
  return results;
}

}  // namespace benchd::results
