#include <map>
#include <set>

#include "exporters/prometheus/catalogue.h"
#include "exporters/prometheus/label_text.h"

namespace benchd::exposition {
namespace {

/// The labels that a user gave a container. Keys that become the same name ("a.b", "a-b") are told apart by _2, _3, …
void append_user_labels(std::vector<SubjectLabel>& out, std::string_view prefix,
                        const std::map<std::string, std::string>& labels) {
  std::set<std::string> taken;
  for (const auto& [key, value] : labels) {
    if (key.starts_with("benchd.task.")) continue;  // a rule: how to read a log, nothing to select series by
    const std::string plain = label_name(prefix, key);
    std::string name = plain;
    for (int n = 2; !taken.insert(name).second; ++n) name = plain + "_" + std::to_string(n);
    out.push_back({std::move(name), value});
  }
}

}  // namespace

std::vector<SubjectLabel> subject_labels(Subject subject, const model::ContainerSnapshot& it) {
  static const model::Metadata unknown;
  if (subject == Subject::Host || subject == Subject::Workload) return {};
  const model::Container& container = *it.container;
  const model::Metadata& metadata = it.metadata ? *it.metadata : unknown;
  std::vector<SubjectLabel> labels = {{"id", container.path}, {"name", metadata.name}};
  if (subject == Subject::Container) return labels;
  labels.push_back({"image", metadata.image});
  if (subject == Subject::DropIn) {
    append_user_labels(labels, "container_label_", metadata.labels);
    return labels;
  }
  labels.push_back({"image_digest", metadata.image_digest});
  labels.push_back({"runtime", name_of(container.match.runtime)});
  labels.push_back({"runtime_id", container.match.runtime_id});
  labels.push_back({"pod_uid", container.match.pod_uid});
  labels.push_back({"log_driver", metadata.log_driver});
  append_user_labels(labels, "label_", metadata.labels);
  return labels;
}

std::vector<SubjectLabel> subject_labels(const model::Workload& workload) {
  return {{"workload", workload.name}, {"experiment", workload.experiment}, {"variant", workload.variant}};
}

}  // namespace benchd::exposition
