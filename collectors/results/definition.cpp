#include "collectors/results/definition.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace benchd::results {
namespace {

using base::Error;
using base::Result;
using Json = nlohmann::ordered_json;

Error wrong(const std::string& what) {
  return {.attempt = "the campaign's definition: " + what};
}

std::optional<double> share_in(const Json& value) {
  if (value.is_number()) return value.get<double>();
  return value.is_string() ? base::parse_share(value.get_ref<const std::string&>()) : std::nullopt;
}

bool take_share(const Json& root, const char* name, double low, double high, double& share) {
  if (!root.contains(name)) return true;
  const auto value = share_in(root[name]);
  if (!value || !(*value > low) || !(*value < high)) return false;
  share = *value;
  return true;
}

bool take_measure(const Json& root, model::Experiment& experiment) {
  if (!root.contains("measure")) return true;
  const Json& measure = root["measure"];
  std::string name;
  if (measure.is_string()) {
    name = measure.get<std::string>();
  } else if (measure.is_object() && measure.size() == 1 && measure.begin()->is_string()) {
    name = measure.begin().key();
    experiment.task_rule = measure.begin()->get<std::string>();
  }
  const auto known = model::measure_named(name);
  if (known) experiment.measure = *known;
  return known.has_value();
}

bool take_variants(const Json& root, std::vector<std::string>& variants) {
  if (!root.contains("variants")) return false;
  const Json& all = root["variants"];
  if (!all.is_object() && !all.is_array()) return false;
  for (const auto& [key, value] : all.items()) {
    if (all.is_object()) {
      variants.push_back(key);
    } else if (value.is_string()) {
      variants.push_back(value.get<std::string>());
    } else if (value.is_object() && value.contains("name") && value["name"].is_string()) {
      variants.push_back(value["name"].get<std::string>());
    } else {
      return false;
    }
  }
  return !variants.empty();
}

std::optional<uint32_t> place_of(const std::vector<std::string>& variants, const Json& name) {
  if (!name.is_string()) return std::nullopt;
  const auto found = std::find(variants.begin(), variants.end(), name.get_ref<const std::string&>());
  if (found == variants.end()) return std::nullopt;
  return static_cast<uint32_t>(found - variants.begin());
}

/// {"name": …, "baseline": VARIANT, "variants": [VARIANT, …]}
std::optional<model::Cell> cell_in(const Json& json, const std::vector<std::string>& variants) {
  const auto has = [&json](const char* name) { return json.is_object() && json.contains(name); };
  if (!has("name") || !json["name"].is_string() || !has("baseline") || !has("variants")) return std::nullopt;
  if (!json["variants"].is_array()) return std::nullopt;
  const auto baseline = place_of(variants, json["baseline"]);
  model::Cell cell{.name = json["name"].get<std::string>()};
  for (const Json& name : json["variants"]) {
    const auto variant = place_of(variants, name);
    if (!variant) return std::nullopt;
    cell.variants.push_back(*variant);
  }
  if (!baseline || std::find(cell.variants.begin(), cell.variants.end(), *baseline) == cell.variants.end())
    return std::nullopt;
  cell.baseline = *baseline;
  return cell;
}

bool take_cells(const Json& root, FixedExperiment& fixed) {
  if (!root.contains("cells")) return true;
  if (!root["cells"].is_array()) return false;
  for (const Json& json : root["cells"]) {
    auto cell = cell_in(json, fixed.whole.variants);
    if (!cell) return false;
    fixed.cells.push_back(*std::move(cell));
  }
  return true;
}

}  // namespace

Result<FixedExperiment> parse_definition(std::string_view definition) {
  const Json root = Json::parse(definition, nullptr, false);
  if (!root.is_object()) return wrong("no JSON object");
  FixedExperiment fixed;
  model::Experiment& experiment = fixed.whole;
  if (root.contains("experiment") && root["experiment"].is_string())
    experiment.name = root["experiment"].get<std::string>();
  if (!take_measure(root, experiment)) return wrong("its measure is none of this benchd's");
  if (!take_share(root, "threshold", 0, 10.0000001, experiment.threshold)) return wrong("its threshold is no share");
  if (!take_share(root, "confidence", 0.5, 1, experiment.confidence)) return wrong("its confidence is no share");
  if (!take_variants(root, experiment.variants)) return wrong("it names no variants");
  if (root.contains("control") && root["control"].is_boolean()) experiment.control = root["control"].get<bool>();
  if (root.contains("baseline")) {
    const auto baseline = place_of(experiment.variants, root["baseline"]);
    if (!baseline) return wrong("its baseline is none of its variants");
    experiment.baseline = *baseline;
  }
  if (!take_cells(root, fixed)) return wrong("its cells are not of its variants");
  return fixed;
}

}  // namespace benchd::results
