#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/campaign/definition/definition.h"
#include "daemon/campaign/definition/yaml_reader.h"

namespace benchd::campaign {

/// Reads from a campaign file how one thing runs: a variant, or a service. Throws Wrong.
class VariantReader {
 public:
  /// Keys that say how a variant runs: `defaults` may have them all.
  static constexpr std::string_view kHow[] = {"command", "env",     "volumes",  "network",   "security",
                                              "cpus",    "mems",    "memory",   "cpu_limit", "until",
                                              "timeout", "prepare", "conclude", "check"};

  /// `yaml` lives longer than this. Host paths are relative to `folder`.
  VariantReader(const YamlReader& yaml, std::string folder) : yaml_(yaml), folder_(std::move(folder)) {}

  /// `defaults` may be no node at all.
  Variant variant(const std::string& name, const YAML::Node& node, const YAML::Node& defaults) const;
  Service service(const std::string& name, const YAML::Node& node) const;

 private:
  void read_kind(const YAML::Node& node, const std::string& where, Variant& variant) const;
  /// What stands beside its kind, and must concern it.
  void read_own(const std::string& key, const YAML::Node& node, const std::string& where, Variant& variant) const;
  void read_how(const std::string& key, const YAML::Node& node, const std::string& where, Variant& variant) const;
  std::vector<std::string> command(const YAML::Node& node, const std::string& key, Variant::Kind kind) const;
  std::vector<std::string> volumes(const YAML::Node& node, const std::string& key) const;
  Until until(const YAML::Node& node, const std::string& key) const;
  Ready ready(const YAML::Node& node, const std::string& key, Variant::Kind kind) const;
  Check check(const YAML::Node& node, const std::string& key) const;
  std::string in_folder(const std::string& path) const;

  const YamlReader& yaml_;
  const std::string folder_;
};

}  // namespace benchd::campaign
