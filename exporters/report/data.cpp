#include "exporters/report/data.h"

#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "exporters/report/notes.h"
#include "exporters/report/words.h"

namespace benchd::report {
namespace {

using Json = nlohmann::ordered_json;
using model::Comparison;
using model::Estimate;

Json number(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json verdict_json(const std::optional<model::Verdict>& verdict) {
  return verdict ? Json(name_of(*verdict)) : Json(nullptr);
}

Json low(const Estimate& estimate) {
  return estimate.bounds ? number(estimate.bounds->low) : Json(nullptr);
}
Json high(const Estimate& estimate) {
  return estimate.bounds ? number(estimate.bounds->high) : Json(nullptr);
}

Json estimate_json(const char* name, const Estimate& estimate) {
  return {{name, number(estimate.value)}, {"low", low(estimate)}, {"high", high(estimate)}};
}

Json values_json(const model::VariantSummary& variant) {
  Json values = Json::array();
  for (const auto& value : variant.values) values.push_back(or_null(value));
  return values;
}

Json excluded_json(const model::VariantSummary& variant) {
  Json excluded = Json::array();
  for (const model::Exclusion& it : variant.excluded)
    excluded.push_back({{"run", it.run}, {"cause", base::to_utf8(it.cause)}, {"value", or_null(it.value)}});
  return excluded;
}

Json shape_json(const model::VariantSummary& variant) {
  Json shape = {{"median", or_null(variant.median)}};
  if (variant.trimmed) {
    shape["trimmed"] = estimate_json("mean", variant.trimmed->mean);
    shape["trimmed"]["dropped"] = variant.trimmed->dropped;
  }
  Json modes = Json::array();
  for (const model::Mode& mode : variant.modes) modes.push_back({{"value", mode.value}, {"share", mode.share}});
  shape["modes"] = modes;
  if (!variant.modes_differ_by.empty()) shape["modes_differ_by"] = variant.modes_differ_by;
  return shape;
}

Json comparison_json(const Comparison& it) {
  Json json = {{"variant", base::to_utf8(it.variant.name)},
               {"runs", it.variant.runs},
               {"blocks", it.blocks},
               {"blocked", it.blocked},
               {"ratio", number(it.ratio.value)},
               {"low", low(it.ratio)},
               {"high", high(it.ratio)},
               {"mean_ratio", number(it.mean_ratio.value)},
               {"mean_low", low(it.mean_ratio)},
               {"mean_high", high(it.mean_ratio)},
               {"verdict", verdict_json(it.verdict)}};
  if (it.doubt != model::Doubt::None) json["doubt"] = name_of(it.doubt);
  if (it.more_runs) json["more_runs"] = *it.more_runs;
  json["runs_needed"] = it.runs_needed && it.runs_needed->settles ? Json(it.runs_needed->runs) : Json(nullptr);
  json["excluded"] = excluded_json(it.variant);
  if (it.with_excluded) json["verdict_with_excluded"] = name_of(*it.with_excluded);
  json["failed"] = it.variant.failed;
  if (it.spread) json["spread"] = estimate_json("ratio", *it.spread);
  if (it.better_chance) json["better_chance"] = estimate_json("share", *it.better_chance);
  for (const model::Beside& beside : it.beside) json["beside"][model::entry_of(beside.measure).name] = beside.ratio;
  json.update(shape_json(it.variant));
  json["values"] = values_json(it.variant);
  return json;
}

std::string plain(double value) {
  if (std::isnan(value)) return "";
  return std::isinf(value) ? "inf" : fmt::format("{}", value);
}

}  // namespace

std::string csv_cell(std::string_view text) {
  std::string safe = base::to_utf8(text);
  if (safe.find_first_of(",\"\r\n") == std::string::npos && base::trim(safe) == safe) return safe;
  std::string result = "\"";
  for (const char c : safe) result += c == '"' ? std::string("\"\"") : std::string(1, c);
  return result + '"';
}

std::string as_json(const model::ComparisonSet& set) {
  Json json = {{"experiment", base::to_utf8(set.experiment.name)},
               {"measure", model::entry_of(set.experiment.measure).name},
               {"threshold", set.experiment.threshold},
               {"confidence", set.experiment.confidence},
               {"together", set.together},
               {"baseline", base::to_utf8(set.baseline.name)},
               {"looks", set.looks}};
  if (set.experiment.seed) json["seed"] = *set.experiment.seed;
  if (set.control) {
    json["control"] = estimate_json("ratio", set.control->ratio);
    json["control"]["passes"] = set.control->passes;
  } else {
    json["control"] = nullptr;
  }
  if (set.drift) json["drift"] = {{"change", set.drift->change}, {"significant", set.drift->significant}};
  json["baseline_runs"] = {
      {"runs", set.baseline.runs}, {"excluded", excluded_json(set.baseline)}, {"failed", set.baseline.failed}};
  json["baseline_runs"].update(shape_json(set.baseline));
  json["baseline_runs"]["values"] = values_json(set.baseline);
  json["comparisons"] = Json::array();
  for (const Comparison& comparison : set.comparisons) json["comparisons"].push_back(comparison_json(comparison));
  json["notes"] = notes(set);
  return json.dump() + '\n';
}

std::string as_csv(const model::ComparisonSet& set) {
  std::string text =
      "variant,baseline,measure,runs,blocks,failed,excluded,median,ratio,low,high,mean_ratio,mean_low,mean_high,spread,"
      "verdict,doubt,runs_needed\n";
  const auto bound = [](const Estimate& estimate, double model::Bounds::*side) {
    return estimate.bounds ? plain((*estimate.bounds).*side) : "";
  };
  for (const Comparison& it : set.comparisons) {
    const std::vector<std::string> cells = {
        csv_cell(it.variant.name),
        csv_cell(set.baseline.name),
        model::entry_of(set.experiment.measure).name,
        std::to_string(it.variant.runs),
        it.blocked ? std::to_string(it.blocks) : "",
        std::to_string(it.variant.failed),
        std::to_string(it.variant.excluded.size()),
        it.variant.median ? plain(*it.variant.median) : "",
        plain(it.ratio.value),
        bound(it.ratio, &model::Bounds::low),
        bound(it.ratio, &model::Bounds::high),
        plain(it.mean_ratio.value),
        bound(it.mean_ratio, &model::Bounds::low),
        bound(it.mean_ratio, &model::Bounds::high),
        it.spread ? plain(it.spread->value) : "",
        it.verdict ? name_of(*it.verdict) : "",
        name_of(it.doubt),
        it.runs_needed && it.runs_needed->settles ? std::to_string(it.runs_needed->runs) : ""};
    for (size_t i = 0; i < cells.size(); ++i) text += (i == 0 ? "" : ",") + cells[i];
    text += '\n';
  }
  return text;
}

}  // namespace benchd::report
