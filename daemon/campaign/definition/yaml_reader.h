#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <yaml-cpp/yaml.h>

namespace benchd::campaign {

/// Thrown by YamlReader and caught by whoever made it: a file is read in many small steps, and any may be the last.
struct Wrong {
  std::string text;
};

/// Takes values out of YAML nodes, or says what is wrong with them and where.
class YamlReader {
 public:
  explicit YamlReader(std::string name) : name_(std::move(name)) {}

  [[noreturn]] void fail(const YAML::Node& node, const std::string& key, const std::string& found,
                         const std::string& allowed) const;
  /// What is found, said by the node itself.
  [[noreturn]] void fail(const YAML::Node& node, const std::string& key, const std::string& allowed) const;

  /// Calls `take(key, value)` for each entry of a map whose keys are among `allowed`, or any if there are none.
  void each(const YAML::Node& node, const std::string& what, std::span<const std::string_view> allowed,
            const std::function<void(const std::string&, const YAML::Node&)>& take) const;

  std::string text(const YAML::Node& node, const std::string& key) const;  ///< may be empty, not missing
  std::string name(const YAML::Node& node, const std::string& key) const;  ///< nor empty
  std::vector<std::string> texts(const YAML::Node& node, const std::string& key) const;
  std::map<std::string, std::string> pairs(const YAML::Node& node, const std::string& key) const;
  bool flag(const YAML::Node& node, const std::string& key) const;
  uint64_t count(const YAML::Node& node, const std::string& key, uint64_t least, uint64_t most) const;
  double number(const YAML::Node& node, const std::string& key, double least, double most) const;
  double share(const YAML::Node& node, const std::string& key, double above, double most) const;
  int64_t duration(const YAML::Node& node, const std::string& key) const;  ///< nanoseconds
  uint64_t bytes(const YAML::Node& node, const std::string& key) const;
  /// Cpus or memory nodes, as the kernel writes them: "0,2-5".
  std::string number_list(const YAML::Node& node, const std::string& key, const char* allowed) const;

 private:
  std::string name_;
};

}  // namespace benchd::campaign
