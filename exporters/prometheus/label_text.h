#pragma once

#include <string>
#include <string_view>

namespace benchd::exposition {

/// Appends `value` as it stands between the quotes of a label in both exposition formats: valid UTF-8, with backslash,
/// quote and newline escaped. Any bytes may come in.
void append_label_value(std::string& out, std::string_view value);

/// `prefix` and `key` as a label name: what is not [A-Za-z0-9_] becomes '_' ("com.docker.compose.project" under
/// "label_" is "label_com_docker_compose_project", as in cAdvisor and kube-state-metrics). Two keys may give one name.
std::string label_name(std::string_view prefix, std::string_view key);

}  // namespace benchd::exposition
