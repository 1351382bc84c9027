#include <cmath>

#include "collectors/results/formats.h"

namespace benchd::results {
namespace {

using model::Measure;
using nlohmann::json;
using Pointer = JsonDocument::Pointer;

/// A benchmark's metadata stands with it, or for all of them at the top.
std::string metadata(const JsonDocument& document, const Pointer& benchmark, const char* key) {
  for (const Pointer& place : {benchmark / "metadata", Pointer("/metadata")}) {
    const json* found = document.find(place / key);
    if (found != nullptr && found->is_string()) return found->get<std::string>();
  }
  return "";
}

std::optional<Measure> measure_of(const std::string& unit) {
  if (unit.empty() || unit == "second") return Measure::TaskTime;
  if (unit == "byte") return Measure::MemoryPeak;
  if (unit == "integer") return Measure::Value;
  return std::nullopt;
}

base::Result<base::Done> add_runs(const JsonDocument& document, const Pointer& benchmark, uint32_t variant,
                                  Measure measure, Results& results) {
  const json* runs = document.find(benchmark / "runs");
  if (runs == nullptr || !runs->is_array()) return document.error(benchmark, "there is no list \"runs\"");
  for (size_t i = 0; i < runs->size(); ++i) {
    const Pointer at = benchmark / "runs" / i / "values";
    const json* values = document.find(at);
    if (values == nullptr) continue;  // a calibration
    if (!values->is_array()) return document.error(at, "expected a list of numbers");
    double sum = 0;
    for (size_t j = 0; j < values->size(); ++j) {
      if (const auto why = objection((*values)[j]); !why.empty()) return document.error(at / j, why);
      sum += (*values)[j].get<double>();
    }
    if (values->empty()) continue;
    if (!std::isfinite(sum)) return document.error(at, "the sum of the values is beyond all numbers");
    model::Run run;
    run.variant = variant;
    run.values.set(measure, sum / static_cast<double>(values->size()));
    results.runs.push_back(std::move(run));
  }
  return base::Done{};
}

}  // namespace

base::Result<Results> parse_pyperf(const JsonDocument& document) {
  const Pointer list("/benchmarks");
  const json* benchmarks = document.find(list);
  if (benchmarks == nullptr || !benchmarks->is_array() || benchmarks->empty())
    return document.error(list, "expected a list of pyperf's benchmarks");
  if (benchmarks->size() > kMostVariants)
    return document.error(list, "more than " + std::to_string(kMostVariants) + " benchmarks");
  Results results;
  for (size_t i = 0; i < benchmarks->size(); ++i) {
    const Pointer at = list / i;
    const std::string name = metadata(document, at, "name"), unit = metadata(document, at, "unit");
    const auto measure = measure_of(unit);
    if (!measure) return document.error(at, "found unit \"" + unit + "\", allowed is second, byte or integer");
    if (results.measures.empty()) results.measures.push_back(*measure);
    if (results.measures.front() != *measure)
      return document.error(at, "found unit \"" + unit + "\", another than that of the benchmarks before it");
    const size_t before = results.variants.size();
    const uint32_t variant = variant_index(results, name.empty() ? "benchmark" : name);
    if (results.variants.size() == before) return document.error(at, "benchmark \"" + name + "\" is there twice");
    if (const auto added = add_runs(document, at, variant, *measure, results); !added.ok()) return added.error();
  }
  if (results.runs.empty()) return document.error(list, "there are no runs with values");
  return results;
}

}  // namespace benchd::results
