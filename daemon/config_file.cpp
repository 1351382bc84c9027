#include "daemon/config_file.h"

#include <set>

#include <yaml-cpp/yaml.h>

#include "base/file.h"
#include "collectors/tasks/rules/rule_file.h"
#include "collectors/tasks/rules/rule_set.h"
#include "collectors/tasks/rules/yaml_document.h"

namespace benchd::daemon {
namespace {

using base::Done;
using base::Error;
using base::Result;

/// An alias may stand inside its own anchor, or double at every level: what YAML says in a few bytes may have no end.
constexpr int kMaxDepth = 16;
constexpr size_t kMaxSettings = 10'000;

/// A list of maps, which parse_rules() reads.
constexpr const char* kTasks = "tasks";

class Reader {
 public:
  explicit Reader(const std::string& name) : name_(name) {}

  /// Collects the settings below `node`; the text of an error, or empty.
  std::string read(const YAML::Node& node, const std::string& prefix, int depth = 0) {
    if (depth > kMaxDepth) return at(node) + prefix + ": nested deeper than any key";
    if (!node.IsMap()) return at(node) + (prefix.empty() ? "" : prefix + ": ") + "expected keys and values";
    for (const auto& entry : node) {
      if (!entry.first.IsScalar()) return at(entry.first) + "a key must be a plain word";
      const std::string key = prefix.empty() ? entry.first.Scalar() : prefix + "." + entry.first.Scalar();
      if (!seen_.insert(key).second) return at(entry.first) + key + ": given twice";
      if (depth == 0 && entry.first.Scalar() == kTasks) continue;
      std::string error =
          entry.second.IsMap() ? read(entry.second, key, depth + 1) : add(entry.first, key, entry.second);
      if (!error.empty()) return error;
    }
    return {};
  }

  std::vector<Setting> settings;

 private:
  std::string at(const YAML::Node& node) const { return name_ + ":" + std::to_string(node.Mark().line + 1) + ": "; }

  std::string add(const YAML::Node& key_node, const std::string& key, const YAML::Node& value) {
    Setting setting{.name = key, .origin = name_ + ":" + std::to_string(key_node.Mark().line + 1)};
    if (value.IsScalar()) {
      setting.values.push_back(value.Scalar());
    } else if (value.IsSequence()) {
      for (const auto& item : value) {
        if (!item.IsScalar()) return at(item) + key + ": expected a plain value in the list";
        setting.values.push_back(item.Scalar());
      }
    }
    settings.push_back(std::move(setting));
    return settings.size() > kMaxSettings ? name_ + ": more keys than there can be" : "";
  }

  const std::string& name_;
  std::set<std::string> seen_;  ///< whole keys: "web: {a: 1}" and "web.a: 2" are the same one
};

}  // namespace

Result<Config> parse_config(const std::string& text, const std::string& name) {
  const auto root = rules::load_yaml(text, name);
  if (!root.ok()) return root.error();
  if (root->IsNull()) return Config();
  try {
    Reader reader(name);
    const std::string error = reader.read(*root, "");
    if (!error.empty()) return Error{.attempt = error};
    auto tasks = rules::parse_rules(text, name);
    if (!tasks.ok()) return tasks.error();
    if (const auto compiled = rules::RuleSet::compile(*tasks); !compiled.ok()) return compiled.error();
    return Config{.settings = std::move(reader.settings), .tasks = *std::move(tasks)};
  } catch (const YAML::Exception& exception) {
    return Error{.attempt = name + ":" + std::to_string(exception.mark.line + 1) + ": not YAML: " + exception.msg};
  }
}

Result<Config> load_config(const std::string& path) {
  const Result<std::string> text = base::read_text(path);
  if (!text.ok()) return text.error();
  return parse_config(*text, path);
}

Result<Done> apply_config(const Config& config, Options& options) {
  auto applied = apply_settings(config.settings, options);
  if (applied.ok()) options.tasks = config.tasks;
  return applied;
}

}  // namespace benchd::daemon
