#pragma once

#include <string>

#include <yaml-cpp/yaml.h>

#include "base/result.h"

namespace benchd::rules {

/// The one document of a YAML text; a null node where there is none. `name` stands in the errors: not YAML, with the
/// line; not UTF-8; several documents. Safe for texts that strangers wrote, as labels of containers are: yaml-cpp 0.7's
/// LoadAll makes documents without end of ",9".
base::Result<YAML::Node> load_yaml(const std::string& text, const std::string& name);

}  // namespace benchd::rules
