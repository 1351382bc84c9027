#include "daemon/campaign/definition/definition.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace benchd::campaign {
namespace {

using Json = nlohmann::ordered_json;

std::string in_nanoseconds(int64_t nanoseconds) {
  return fmt::format("{}ns", nanoseconds);
}

Json variant_json(const Variant& variant) {
  Json json = Json::object();
  switch (variant.kind) {
    case Variant::Kind::Local:
      json["local"] = true;
      break;
    case Variant::Kind::Image:
      json["image"] = variant.image;
      break;
    case Variant::Kind::Build:
      json["build"] = variant.image;
      json["args"] = variant.build_arguments;
      break;
  }
  if (!variant.command.empty()) json["command"] = variant.command;
  if (!variant.environment.empty()) json["env"] = variant.environment;
  if (!variant.volumes.empty()) json["volumes"] = variant.volumes;
  if (!variant.network.empty()) json["network"] = variant.network;
  if (!variant.security.empty()) json["security"] = variant.security;
  if (!variant.cpus.empty()) json["cpus"] = variant.cpus;
  if (!variant.mems.empty()) json["mems"] = variant.mems;
  if (variant.memory_bytes) json["memory"] = *variant.memory_bytes;
  if (variant.cpu_limit) json["cpu_limit"] = *variant.cpu_limit;
  if (variant.until.tasks) json["until"]["tasks"] = *variant.until.tasks;
  if (variant.until.duration_ns) json["until"]["duration"] = in_nanoseconds(*variant.until.duration_ns);
  if (!variant.commit.empty()) json["commit"] = variant.commit;
  if (variant.timeout_ns) json["timeout"] = in_nanoseconds(*variant.timeout_ns);
  if (!variant.prepare.empty()) json["prepare"] = variant.prepare;
  if (!variant.conclude.empty()) json["conclude"] = variant.conclude;
  json["check"]["exit"] = variant.check.exit_code;
  if (variant.check.tasks) json["check"]["tasks"] = *variant.check.tasks;
  return json;
}

}  // namespace

std::string canonical_json(const Definition& definition) {
  const model::Experiment& experiment = definition.experiment;
  const char* measure = model::entry_of(experiment.measure).name;
  Json json = {{"experiment", experiment.name}};
  json["measure"] = experiment.task_rule.empty() ? Json(measure) : Json{{measure, experiment.task_rule}};
  json["threshold"] = experiment.threshold;
  json["confidence"] = experiment.confidence;
  json["runs"] = definition.precision ? Json{{"precision", *definition.precision}, {"max", definition.runs}}
                                      : Json(definition.runs);
  json["warmup"] = definition.warm_up;
  json["control"] = experiment.control;
  json["baseline"] = experiment.variants[experiment.baseline];
  const ExclusionRule& rule = definition.exclusion;
  json["exclude"] = rule.enabled ? Json{{"foreign", rule.foreign_cpu}, {"steal", rule.steal}} : Json("never");
  for (const Variant& variant : definition.variants) json["variants"][variant.name] = variant_json(variant);
  for (const Service& service : definition.services) {
    json["services"][service.variant.name] = variant_json(service.variant);
    if (!service.ready.command.empty())
      json["services"][service.variant.name]["ready"] = {{"command", service.ready.command},
                                                         {"timeout", in_nanoseconds(service.ready.timeout_ns)}};
  }
  if (definition.cells.size() > 1)
    for (const model::Cell& cell : definition.cells) {
      Json names = Json::array();
      for (const uint32_t variant : cell.variants) names.push_back(experiment.variants[variant]);
      json["cells"].push_back(
          {{"name", cell.name}, {"baseline", experiment.variants[cell.baseline]}, {"variants", names}});
    }
  if (!definition.tasks.empty()) json["tasks"] = Json::parse(definition.tasks);
  return json.dump();
}

std::string hash_of(const std::string& canonical) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : canonical) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return fmt::format("{:016x}", hash);
}

}  // namespace benchd::campaign
