#include "collectors/cgroup/labels.h"

#include <array>
#include <string_view>

#include <sys/xattr.h>

#include "base/text.h"

namespace benchd::cgroup {

std::map<std::string, std::string> labels_on(int directory) {
  constexpr std::array<std::string_view, 5> kLabels = {"benchd.campaign", "benchd.experiment", "benchd.variant",
                                                       "benchd.run", "benchd.workload"};
  std::map<std::string, std::string> labels;
  // By its path, because an fd of O_PATH has no attributes.
  const std::string path = "/proc/self/fd/" + std::to_string(directory);
  for (const std::string_view label : kLabels) {
    std::array<char, 256> value;
    const std::string name = "user." + std::string(label);
    const ssize_t length = ::getxattr(path.c_str(), name.c_str(), value.data(), value.size());
    if (length > 0) labels.emplace(label, base::to_utf8({value.data(), static_cast<size_t>(length)}));
  }
  return labels;
}

}  // namespace benchd::cgroup
