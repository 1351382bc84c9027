#include "daemon/campaign/definition/yaml_reader.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "base/cpu_set.h"
#include "base/text.h"
#include "collectors/tasks/rules/quantity.h"
#include "daemon/campaign/definition/units.h"

namespace benchd::campaign {
namespace {

constexpr size_t kMaxText = 65'536;

std::string describe(const YAML::Node& node) {
  if (!node.IsDefined() || node.IsNull()) return "nothing";
  if (node.IsScalar()) return "\"" + node.Scalar() + "\"";
  return node.IsSequence() ? "a list" : "a map";
}

std::string list(std::span<const std::string_view> names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

void YamlReader::fail(const YAML::Node& node, const std::string& key, const std::string& found,
                      const std::string& allowed) const {
  const int line = node.Mark().line + 1;
  throw Wrong{name_ + (line > 0 ? ":" + std::to_string(line) : "") + ": " + key + ": found " + found + ", allowed is " +
              allowed};
}

void YamlReader::fail(const YAML::Node& node, const std::string& key, const std::string& allowed) const {
  fail(node, key, describe(node), allowed);
}

void YamlReader::each(const YAML::Node& node, const std::string& what, std::span<const std::string_view> allowed,
                      const std::function<void(const std::string&, const YAML::Node&)>& take) const {
  if (!node.IsMap()) fail(node, what, "keys and values");
  std::set<std::string> seen;
  for (const auto& entry : node) {
    if (!entry.first.IsScalar() || entry.first.Scalar().empty()) fail(entry.first, what, "a plain word as a key");
    const std::string& key = entry.first.Scalar();
    if (!seen.insert(key).second) fail(entry.first, key, "it twice", "once");
    if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), key) == allowed.end())
      fail(entry.first, fmt::format("{}{}{}", what, what.empty() ? "" : ".", key), "an unknown key", list(allowed));
    take(key, entry.second);
  }
}

std::string YamlReader::text(const YAML::Node& node, const std::string& key) const {
  if (!node.IsScalar()) fail(node, key, "a plain value");
  if (node.Scalar().size() > kMaxText || node.Scalar().find('\0') != std::string::npos)
    fail(node, key, "a text of " + std::to_string(node.Scalar().size()) + " bytes", "64 KiB, without zero bytes");
  return node.Scalar();
}

std::string YamlReader::name(const YAML::Node& node, const std::string& key) const {
  std::string value = text(node, key);
  if (base::trim(value).empty()) fail(node, key, "a value that is not empty");
  return value;
}

std::vector<std::string> YamlReader::texts(const YAML::Node& node, const std::string& key) const {
  if (!node.IsSequence()) fail(node, key, "a list");
  std::vector<std::string> values;
  for (const auto& item : node) values.push_back(text(item, key));
  return values;
}

std::map<std::string, std::string> YamlReader::pairs(const YAML::Node& node, const std::string& key) const {
  std::map<std::string, std::string> values;
  each(node, key, {}, [&](const std::string& entry, const YAML::Node& value) {
    if (entry.find('=') != std::string::npos) fail(value, key, "\"" + entry + "\"", "a name without =");
    values[entry] = text(value, key + "." + entry);
  });
  return values;
}

bool YamlReader::flag(const YAML::Node& node, const std::string& key) const {
  bool value = false;
  if (!node.IsScalar() || !YAML::convert<bool>::decode(node, value)) fail(node, key, "true or false");
  return value;
}

uint64_t YamlReader::count(const YAML::Node& node, const std::string& key, uint64_t least, uint64_t most) const {
  const auto value = node.IsScalar() ? base::parse_integer(node.Scalar()) : std::nullopt;
  if (!value || *value < least || *value > most) fail(node, key, fmt::format("a whole number, {} to {}", least, most));
  return *value;
}

double YamlReader::number(const YAML::Node& node, const std::string& key, double least, double most) const {
  double value = 0;
  if (!node.IsScalar() || !YAML::convert<double>::decode(node, value) || !(value >= least) || value > most)
    fail(node, key, fmt::format("a number, {:g} to {:g}", least, most));
  return value;
}

double YamlReader::share(const YAML::Node& node, const std::string& key, double above, double most) const {
  const auto value = node.IsScalar() ? base::parse_share(node.Scalar()) : std::nullopt;
  if (!value || !(*value > above) || *value > most)
    fail(node, key, fmt::format("a share above {:g}% and up to {:g}%, such as 3% or 0.03", above * 100, most * 100));
  return *value;
}

int64_t YamlReader::duration(const YAML::Node& node, const std::string& key) const {
  const auto value = node.IsScalar() ? parse_time(node.Scalar()) : std::nullopt;
  if (!value) fail(node, key, "a time, such as 60s, 500ms, 2m or 1h");
  return *value;
}

uint64_t YamlReader::bytes(const YAML::Node& node, const std::string& key) const {
  const auto value = node.IsScalar() ? parse_bytes(node.Scalar()) : std::nullopt;
  if (!value) fail(node, key, "a size, such as 512MiB or 2GiB");
  return *value;
}

std::string YamlReader::number_list(const YAML::Node& node, const std::string& key, const char* allowed) const {
  const auto set = node.IsScalar() ? base::parse_cpu_list(node.Scalar()) : std::nullopt;
  if (!set || set->none()) fail(node, key, allowed);
  return base::format_cpu_list(*set);
}

}  // namespace benchd::campaign
