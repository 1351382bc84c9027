#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"

namespace benchd::runtimes {

/// What passes where nobody says otherwise: what a workload is named after.
inline std::vector<std::string> default_labels() {
  return {"com.docker.compose.project", "com.docker.compose.service", "benchd.*"};
}

/// Which labels go on from the parsers: those whose key a glob of --runtimes.labels matches, and rules for tasks
/// (`benchd.task.…`), which their container's author wrote for benchd.
class LabelFilter {
 public:
  explicit LabelFilter(std::vector<std::string> globs) : globs_(std::move(globs)) {}

  bool passes(const std::string& key) const {
    if (key.starts_with("benchd.task.")) return true;
    for (const std::string& glob : globs_)
      if (base::glob_match(glob, key)) return true;
    return false;
  }

 private:
  std::vector<std::string> globs_;
};

}  // namespace benchd::runtimes
