#pragma once

#include <map>
#include <string>

namespace benchd::cgroup {

/// The labels that whoever made a cgroup set on its directory, as extended attributes "user.benchd.…": "benchd.…" by
/// name, UTF-8. `directory` may be any open fd of it. Empty where there are none, or the kernel has none on cgroups
/// (before 5.7).
std::map<std::string, std::string> labels_on(int directory);

}  // namespace benchd::cgroup
