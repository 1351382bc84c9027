#include "daemon/campaign/definition/campaign_file.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "collectors/tasks/rules/rule_file.h"
#include "collectors/tasks/rules/rule_set.h"
#include "collectors/tasks/rules/yaml_document.h"
#include "daemon/campaign/definition/variant_reader.h"
#include "daemon/campaign/definition/yaml_reader.h"

namespace benchd::campaign {
namespace {

using base::Error;
using base::Result;
using Names = std::vector<std::string>;

constexpr std::string_view kTop[] = {"experiment", "measure",  "threshold", "confidence", "runs",
                                     "warmup",     "control",  "baseline",  "exclude",    "services",
                                     "defaults",   "variants", "matrix",    "tasks"};
constexpr std::string_view kRuns[] = {"precision", "max"};
constexpr std::string_view kExclude[] = {"foreign", "steal"};

constexpr uint64_t kMostRuns = 100'000;
constexpr size_t kMostVariants = 500;
constexpr size_t kMostDepth = 32;

/// One value of each key of the matrix.
using Choice = std::vector<std::pair<std::string, std::string>>;

/// `text` with each "{KEY}" of the choice replaced. Other braces are the command's own.
std::string filled(std::string text, const Choice& choice) {
  for (const auto& [key, value] : choice) {
    const std::string place = '{' + key + '}';
    for (size_t at = 0; (at = text.find(place, at)) != std::string::npos; at += value.size())
      text.replace(at, place.size(), value);
  }
  return text;
}

Variant filled(Variant variant, const Choice& choice) {
  Names command;
  for (const std::string& word : variant.command) {
    std::string value = filled(word, choice);
    if (!value.empty() || word.empty()) command.push_back(std::move(value));  // an empty choice drops the argument
  }
  variant.command = std::move(command);
  variant.image = filled(variant.image, choice);
  for (auto& [name, value] : variant.environment) value = filled(value, choice);
  for (auto& [name, value] : variant.build_arguments) value = filled(value, choice);
  for (std::string& volume : variant.volumes) volume = filled(volume, choice);
  variant.prepare = filled(variant.prepare, choice);
  variant.conclude = filled(variant.conclude, choice);
  return variant;
}

nlohmann::ordered_json json_of(const YAML::Node& node, size_t depth = 0) {
  if (depth > kMostDepth) throw Wrong{"tasks: nested deeper than any rule"};
  if (node.IsScalar()) return node.Scalar();
  nlohmann::ordered_json json;
  if (node.IsSequence()) {
    json = nlohmann::ordered_json::array();
    for (const auto& item : node) json.push_back(json_of(item, depth + 1));
  } else if (node.IsMap()) {
    for (const auto& entry : node) json[entry.first.Scalar()] = json_of(entry.second, depth + 1);
  }
  return json;
}

class Reader {
 public:
  Reader(const std::string& name, const std::string& folder) : yaml_(name), reader_(yaml_, folder) {}

  Definition read(const YAML::Node& root, std::span<const rules::Rule> rules) {
    yaml_.each(root, "", kTop, [](const std::string&, const YAML::Node&) {});
    if (!root["experiment"]) yaml_.fail(root, "experiment", "nothing", "a name, under which the ledger keeps it");
    if (!root["variants"]) yaml_.fail(root, "variants", "nothing", "two or more variants by name");
    definition_.experiment.name = yaml_.name(root["experiment"], "experiment");
    read_numbers(root);
    const YAML::Node defaults = root["defaults"];
    if (defaults) yaml_.each(defaults, "defaults", VariantReader::kHow, [](const std::string&, const YAML::Node&) {});
    read_matrix(root["matrix"]);
    read_variants(root, defaults);
    if (root["services"]) read_services(root["services"]);
    if (root["tasks"]) definition_.tasks = json_of(root["tasks"]).dump();
    read_measure(root, rules);
    check_tasks(root, rules);
    return std::move(definition_);
  }

 private:
  void read_numbers(const YAML::Node& root) {
    if (const auto node = root["threshold"]) definition_.experiment.threshold = yaml_.share(node, "threshold", 0, 10);
    if (const auto node = root["confidence"])
      definition_.experiment.confidence = yaml_.share(node, "confidence", 0.5, 0.9999);
    if (const auto node = root["warmup"]) definition_.warm_up = yaml_.count(node, "warmup", 0, 1000);
    if (const auto node = root["control"]) definition_.experiment.control = yaml_.flag(node, "control");
    if (const auto node = root["runs"]) read_runs(node);
    if (const auto node = root["exclude"]) read_exclude(node);
  }

  void read_runs(const YAML::Node& node) {
    if (node.IsScalar()) {
      definition_.runs = yaml_.count(node, "runs", 2, kMostRuns);
      return;
    }
    definition_.runs = 100;
    yaml_.each(node, "runs", kRuns, [&](const std::string& key, const YAML::Node& value) {
      if (key == "max")
        definition_.runs = yaml_.count(value, "runs.max", 2, kMostRuns);
      else
        definition_.precision = yaml_.share(value, "runs.precision", 0, 10);
    });
    if (!definition_.precision) yaml_.fail(node, "runs", "no precision", "a number, or {precision: 1%, max: 100}");
  }

  void read_exclude(const YAML::Node& node) {
    ExclusionRule& rule = definition_.exclusion;
    if (node.IsScalar()) {
      if (node.Scalar() != "never" && node.Scalar() != "busy")
        yaml_.fail(node, "exclude", "busy, never, or {foreign: 10%, steal: 5%}");
      rule.enabled = node.Scalar() == "busy";
      return;
    }
    yaml_.each(node, "exclude", kExclude, [&](const std::string& key, const YAML::Node& value) {
      (key == "steal" ? rule.steal : rule.foreign_cpu) = yaml_.share(value, "exclude." + key, 0, 1);
    });
  }

  void read_matrix(const YAML::Node& node) {
    choices_ = {{}};
    if (!node) return;
    yaml_.each(node, "matrix", {}, [&](const std::string& key, const YAML::Node& value) {
      const Names values = yaml_.texts(value, "matrix." + key);
      if (values.empty()) yaml_.fail(value, "matrix." + key, "an empty list", "one value or more");
      std::vector<Choice> longer;
      for (const Choice& choice : choices_)
        for (const std::string& it : values) {
          longer.push_back(choice);
          longer.back().emplace_back(key, it);
        }
      if (longer.size() > kMostVariants) yaml_.fail(value, "matrix", "too many cells", std::to_string(kMostVariants));
      choices_ = std::move(longer);
    });
  }

  static std::string name_of(const Choice& choice) {
    std::string name;
    for (const auto& [key, value] : choice)
      if (!value.empty()) name += (name.empty() ? "" : " ") + value;
    return name;
  }

  void read_variants(const YAML::Node& root, const YAML::Node& defaults) {
    std::vector<Variant> bare;
    const YAML::Node node = root["variants"];
    yaml_.each(node, "variants", {}, [&](const std::string& name, const YAML::Node& value) {
      bare.push_back(reader_.variant(name, value, defaults));
    });
    if (bare.size() < 2)
      yaml_.fail(node, "variants", std::to_string(bare.size()) + " of them",
                 "two or more: there is nothing to compare");
    uint32_t baseline = 0;
    if (const auto wanted = root["baseline"]) {
      const std::string name = yaml_.name(wanted, "baseline");
      const auto found = std::find_if(bare.begin(), bare.end(), [&](const Variant& it) { return it.name == name; });
      if (found == bare.end()) {
        Names names;
        for (const Variant& it : bare) names.push_back(it.name);
        yaml_.fail(wanted, "baseline", fmt::format("one of {}", fmt::join(names, ", ")));
      }
      baseline = static_cast<uint32_t>(found - bare.begin());
    }
    for (const Choice& choice : choices_) {
      model::Cell cell{.name = name_of(choice)};
      for (const Variant& it : bare) {
        Variant variant = filled(it, choice);
        if (!cell.name.empty()) variant.name += ' ' + cell.name;
        Names& names = definition_.experiment.variants;
        if (std::find(names.begin(), names.end(), variant.name) != names.end())
          yaml_.fail(node, "variants", "\"" + variant.name + "\" twice", "names that differ, matrix worked in");
        cell.variants.push_back(static_cast<uint32_t>(names.size()));
        names.push_back(variant.name);
        definition_.variants.push_back(std::move(variant));
      }
      cell.baseline = cell.variants[baseline];
      if (choices_.size() > 1) definition_.cells.push_back(std::move(cell));
    }
    if (definition_.variants.size() > kMostVariants)
      yaml_.fail(node, "variants", std::to_string(definition_.variants.size()) + " with the matrix",
                 std::to_string(kMostVariants));
    definition_.experiment.baseline = baseline;
  }

  void read_services(const YAML::Node& node) {
    yaml_.each(node, "services", {}, [&](const std::string& name, const YAML::Node& value) {
      definition_.services.push_back(reader_.service(name, value));
    });
  }

  static bool is_about_tasks(model::Measure measure) {
    using model::Measure;
    return measure == Measure::TaskTime || measure == Measure::P50TaskTime || measure == Measure::P95TaskTime ||
           measure == Measure::P99TaskTime || measure == Measure::Throughput || measure == Measure::CpuPerTask;
  }

  void read_measure(const YAML::Node& root, std::span<const rules::Rule> rules) {
    model::Experiment& experiment = definition_.experiment;
    const YAML::Node node = root["measure"];
    if (!node) return;
    std::string name;
    if (node.IsMap() && node.size() == 1) {
      name = yaml_.name(node.begin()->first, "measure");
      experiment.task_rule = yaml_.name(node.begin()->second, "measure." + name);
    } else {
      name = yaml_.name(node, "measure");
    }
    const auto measure = model::measure_named(name);
    if (!measure || *measure == model::Measure::Value) {
      std::string known;
      for (const model::MeasureEntry& entry : model::kMeasures)
        if (entry.measure != model::Measure::Value) known += (known.empty() ? "" : ", ") + std::string(entry.name);
      yaml_.fail(node, "measure", "\"" + name + "\"", "one of " + known);
    }
    experiment.measure = *measure;
    if (!is_about_tasks(*measure)) return;
    if (rules.empty()) yaml_.fail(node, "measure", "\"" + name + "\" without tasks", "it with rules below tasks");
    if (rules.size() > 1 && experiment.task_rule.empty()) {
      Names names;
      for (const rules::Rule& rule : rules) names.push_back(rule.name);
      yaml_.fail(node, "measure", fmt::format("\"{}\" of {} rules", name, rules.size()),
                 fmt::format("{{{}: RULE}}, one of {}", name, fmt::join(names, ", ")));
    }
  }

  void check_tasks(const YAML::Node& root, std::span<const rules::Rule> rules) {
    if (!rules.empty()) return;
    for (const Variant& variant : definition_.variants) {
      const char* key = variant.until.tasks ? "until" : variant.check.tasks ? "check" : nullptr;
      if (key == nullptr) continue;
      const auto own = root["variants"][variant.name];
      const auto place = own && own[key] ? own[key] : root["defaults"] ? root["defaults"][key] : root;
      yaml_.fail(place, std::string(key) + ".tasks", "it without tasks", "it with rules below tasks");
    }
  }

  YamlReader yaml_;
  const VariantReader reader_;
  std::vector<Choice> choices_;
  Definition definition_;
};

}  // namespace

Result<Definition> parse_campaign(const std::string& text, const std::string& name, const std::string& folder) {
  const auto root = rules::load_yaml(text, name);
  if (!root.ok()) return root.error();
  if (!root->IsMap())
    return Error{.attempt = name + ": expected keys and values; `benchd bench init` writes an example"};
  try {
    const auto rules = rules::parse_rules(text, name);
    if (!rules.ok()) return rules.error();
    if (const auto compiled = rules::RuleSet::compile(*rules); !compiled.ok()) return compiled.error();
    return Reader(name, folder).read(*root, *rules);
  } catch (const Wrong& wrong) {
    return Error{.attempt = wrong.text};
  } catch (const YAML::Exception& exception) {
    return Error{.attempt = name + ":" + std::to_string(exception.mark.line + 1) + ": not YAML: " + exception.msg};
  }
}

}  // namespace benchd::campaign
