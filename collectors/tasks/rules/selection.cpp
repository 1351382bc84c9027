#include "collectors/tasks/rules/selection.h"

#include <algorithm>
#include <iterator>

#include <fnmatch.h>

#include "base/text.h"

namespace benchd::rules {
namespace {

/// "KEY" or "KEY=GLOB".
bool has_label(const std::string& wanted, const std::map<std::string, std::string>& labels) {
  std::string_view rest = wanted;
  const auto found = labels.find(std::string(base::cut(rest, '=')));
  if (found == labels.end()) return false;
  return wanted.find('=') == std::string::npos || base::glob_match(std::string(rest), found->second);
}

}  // namespace

bool is_for(const Rule& rule, const model::Metadata& container) {
  if (!rule.files.empty()) return false;
  if (!rule.containers.empty() && !base::glob_match(rule.containers, container.name)) return false;
  if (!rule.image.empty() && !base::glob_match(rule.image, container.image)) return false;
  return rule.label.empty() || has_label(rule.label, container.labels);
}

bool is_for_file(const Rule& rule, const std::string& path) {
  return std::any_of(rule.files.begin(), rule.files.end(), [&](const std::string& glob) {
    return ::fnmatch(glob.c_str(), path.c_str(), FNM_PATHNAME | FNM_PERIOD) == 0;
  });
}

std::vector<Rule> selected_for(std::span<const Rule> rules, const model::Metadata& container) {
  std::vector<Rule> selected;
  std::copy_if(rules.begin(), rules.end(), std::back_inserter(selected),
               [&](const Rule& rule) { return is_for(rule, container); });
  return selected;
}

}  // namespace benchd::rules
