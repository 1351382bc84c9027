#include "analysis/workload.h"

#include <initializer_list>

#include "base/text.h"

namespace benchd::analysis {
namespace {

using Labels = std::map<std::string, std::string>;

/// The first of the labels that is there and not empty, as valid UTF-8; else empty.
std::string first_of(const Labels& labels, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    if (const auto found = labels.find(key); found != labels.end() && !found->second.empty())
      return base::to_utf8(found->second);
  }
  return {};
}

model::Workload variant_of(std::string name, std::string experiment, std::string variant) {
  if (name.empty()) name = experiment + "/" + variant;
  return {.name = std::move(name), .experiment = std::move(experiment), .variant = std::move(variant)};
}

std::optional<model::Workload> told(const model::Metadata& metadata) {
  const Labels& labels = metadata.labels;
  std::string name = first_of(labels, {"benchd.workload"});
  std::string experiment = first_of(labels, {"benchd.experiment"});
  std::string variant = first_of(labels, {"benchd.variant"});
  if (!experiment.empty() && !variant.empty())
    return variant_of(std::move(name), std::move(experiment), std::move(variant));
  if (!name.empty()) return model::Workload{.name = std::move(name)};
  const std::string project = first_of(labels, {"com.docker.compose.project", "io.podman.compose.project"});
  const std::string service = first_of(labels, {"com.docker.compose.service", "io.podman.compose.service"});
  if (!project.empty() && !service.empty()) return model::Workload{.name = project + "/" + service};
  if (!metadata.image.empty()) return model::Workload{.name = base::to_utf8(metadata.image)};
  return std::nullopt;
}

}  // namespace

std::optional<model::Workload> workload_of(const model::Container& container, const model::Metadata* metadata) {
  if (metadata != nullptr) {
    if (auto workload = told(*metadata)) return workload;
  }
  switch (container.match.runtime) {
    case model::Runtime::None:
      return model::Workload{.name = base::to_utf8(container.path)};
    case model::Runtime::Lxc:
    case model::Runtime::Nspawn:
      return model::Workload{.name = base::to_utf8(container.match.runtime_id)};
    default:
      return std::nullopt;
  }
}

base::Result<model::Workload> declared_workload(std::string_view text) {
  const base::Error allowed{.attempt = "NAME or experiment=EXPERIMENT,variant=VARIANT"};
  constexpr std::string_view kExperiment = "experiment=";
  constexpr std::string_view kVariant = "variant=";
  if (text.empty()) return allowed;
  if (!text.starts_with(kExperiment)) return model::Workload{.name = base::to_utf8(text)};
  const std::string_view experiment = base::cut(text, ',').substr(kExperiment.size());
  if (!text.starts_with(kVariant)) return allowed;
  const std::string_view variant = text.substr(kVariant.size());
  if (experiment.empty() || variant.empty()) return allowed;
  return variant_of("", base::to_utf8(experiment), base::to_utf8(variant));
}

}  // namespace benchd::analysis
