#include "collectors/tasks/rules/rule_file.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

#include <yaml-cpp/yaml.h>

#include "base/text.h"
#include "collectors/tasks/rules/field_names.h"
#include "collectors/tasks/rules/presets.h"
#include "collectors/tasks/rules/yaml_document.h"

namespace benchd::rules {
namespace {

using base::Error;
using base::Result;

constexpr std::string_view kForms[] = {"match", "regex", "json", "logfmt"};
constexpr std::string_view kWhat[] = {"match", "regex", "json", "logfmt", "start", "end", "any", "use"};
constexpr std::string_view kWhose[] = {"containers", "image", "label", "files", "container"};
constexpr std::string_view kOthers[] = {"name",    "path",     "outcome", "example",   "time",
                                        "time-of", "timezone", "expire",  "max-labels"};
constexpr std::string_view kLabelPrefix = "benchd.task.";
constexpr size_t kMaxRules = 1'000;
constexpr size_t kMaxText = 4'096;

template <size_t n>
bool among(const std::string_view (&names)[n], std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

/// Thrown and caught in this file only: a rule is read in many small steps, and any may be the last.
struct Wrong {
  std::string text;
};

class RuleReader {
 public:
  using Origin = std::function<std::string(const YAML::Node&)>;

  /// `origin`: where a node stands, "benchd.yml:12".
  explicit RuleReader(Origin origin, bool label) : origin_(std::move(origin)), label_(label) {}

  Rule read(const YAML::Node& node) {
    if (!node.IsMap()) fail(node, "tasks", describe(node), "a map, \"- name: …\"");
    Rule rule;
    std::set<std::string> seen;
    YAML::Node what;
    std::string what_key;
    for (const auto& entry : node) {
      const std::string key = scalar(entry.first, "tasks");
      if (!seen.insert(key).second) fail(entry.first, key, "it twice", "once");
      if (!known(key)) fail(entry.first, key, "an unknown key", allowed_keys());
      const bool pair = (key == "start" && what_key == "end") || (key == "end" && what_key == "start");
      if (among(kWhat, key) && !what_key.empty() && !pair) {
        fail(entry.first, key, "it beside " + what_key,
             "one of match, regex, json, logfmt, any, use, or start and end");
      }
      if (among(kWhat, key)) what_key = key;
    }
    if (what_key.empty())
      fail(node, "tasks", "a rule without a pattern", "one of match, regex, json, logfmt, any, use, or start and end");
    if (seen.count("start") != seen.count("end")) fail(node, what_key, "it alone", "start and end together");
    if (node["use"]) rule = preset(node["use"]);
    rule.origin = origin_(node);
    for (const auto& entry : node) read_key(scalar(entry.first, "tasks"), entry.second, rule);
    if (rule.name.empty()) fail(node, "name", "nothing", "a name");
    if (!rule.container.empty() && rule.files.empty())
      fail(node["container"], "container", "it without files",
           "it beside files; containers: selects whose log is read");
    if (!rule.files.empty() &&
        !(rule.path.empty() && rule.containers.empty() && rule.image.empty() && rule.label.empty())) {
      fail(node["files"], "files", "it beside containers, image, label or path",
           "files on the host, or a container's log");
    }
    return rule;
  }

 private:
  [[noreturn]] void fail(const YAML::Node& node, const std::string& key, const std::string& found,
                         const std::string& allowed) const {
    throw Wrong{origin_(node) + ": " + key + ": found " + found + ", allowed is " + allowed};
  }

  static std::string describe(const YAML::Node& node) {
    if (node.IsScalar()) return "\"" + node.Scalar() + "\"";
    if (node.IsSequence()) return "a list";
    return node.IsMap() ? "a map" : "nothing";
  }

  bool known(std::string_view key) const {
    return among(kWhat, key) || among(kOthers, key) || (!label_ && among(kWhose, key));
  }

  std::string allowed_keys() const {
    std::string keys;
    const auto add = [&](const auto& names) {
      for (const std::string_view name : names) keys.append(keys.empty() ? "" : ", ").append(name);
    };
    add(kOthers);
    if (!label_) add(kWhose);
    add(kWhat);
    return keys;
  }

  std::string scalar(const YAML::Node& node, const std::string& key) const {
    if (!node.IsScalar() || node.Scalar().empty()) fail(node, key, describe(node), "a plain value");
    if (node.Scalar().size() > kMaxText)
      fail(node, key, "a text of " + std::to_string(node.Scalar().size()) + " bytes", "4096");
    return node.Scalar();
  }

  std::vector<std::string> scalars(const YAML::Node& node, const std::string& key) const {
    if (!node.IsSequence()) return {scalar(node, key)};
    std::vector<std::string> values;
    for (const auto& item : node) values.push_back(scalar(item, key));
    if (values.empty()) fail(node, key, "an empty list", "at least one value");
    return values;
  }

  Rule preset(const YAML::Node& node) const {
    const std::string name = scalar(node, "use");
    const Rule* found = preset_named(name);
    if (found == nullptr) fail(node, "use", "\"" + name + "\"", "one of " + preset_names());
    Rule rule = *found;
    rule.use = name;
    for (Pattern& pattern : rule.patterns) pattern.origin = origin_(node) + ": use: " + name;
    return rule;
  }

  void read_key(const std::string& key, const YAML::Node& node, Rule& rule) {
    if (key == "name") rule.name = scalar(node, key);
    if (key == "containers") rule.containers = scalar(node, key);
    if (key == "image") rule.image = scalar(node, key);
    if (key == "label") rule.label = scalar(node, key);
    if (key == "files") rule.files = scalars(node, key);
    if (key == "container") rule.container = scalar(node, key);
    if (key == "time") rule.time = scalar(node, key);
    if (key == "timezone") rule.timezone = scalar(node, key);
    if (key == "path") {
      rule.path = scalar(node, key);
      if (rule.path.front() != '/')
        fail(node, key, describe(node), "a path from the container's root, beginning with /");
    }
    if (key == "example") {
      for (std::string& example : scalars(node, key)) rule.examples.push_back(std::move(example));
    }
    if (key == "time-of") {
      const std::string of = scalar(node, key);
      if (of != "start" && of != "end") fail(node, key, describe(node), "start or end");
      rule.time_is_start = of == "start";
    }
    if (key == "expire") {
      const auto duration = parse_duration(scalar(node, key), Unit::Auto);
      if (!duration || *duration == 0) fail(node, key, describe(node), "a duration with its unit: 30s, 10m, 1h");
      rule.expire = *duration;
    }
    if (key == "max-labels") {
      const auto number = base::parse_integer<uint32_t>(scalar(node, key));
      if (!number || *number < 1 || *number > 10'000) fail(node, key, describe(node), "a whole number from 1 to 10000");
      rule.max_labels = *number;
    }
    if (key == "outcome") read_outcome(node, rule);
    if (key == "start" || key == "end") {
      const auto role = key == "start" ? Pattern::Role::Start : Pattern::Role::End;
      read_pattern(node, key, role, rule.patterns);
    }
    if (key == "any") {
      if (!node.IsSequence() || node.size() == 0) fail(node, key, describe(node), "a list of patterns, \"- match: …\"");
      for (const auto& item : node) read_pattern(item, key, Pattern::Role::Task, rule.patterns);
    }
    if (among(kForms, key)) read_form(key, node, Pattern::Role::Task, rule.patterns);
  }

  void read_outcome(const YAML::Node& node, Rule& rule) const {
    if (!node.IsMap()) {
      rule.outcome = scalar(node, "outcome");
      return;
    }
    rule.outcomes.clear();
    for (const auto& entry : node) {
      rule.outcomes.emplace_back(scalar(entry.first, "outcome"), scalar(entry.second, "outcome"));
    }
  }

  /// `{match: …}` and the like, with an outcome where it may have one.
  void read_pattern(const YAML::Node& node, const std::string& key, Pattern::Role role,
                    std::vector<Pattern>& patterns) const {
    constexpr const char* kAllowed = "a map with one of match, regex, json, logfmt";
    if (!node.IsMap()) fail(node, key, describe(node), kAllowed);
    const size_t first = patterns.size();
    std::string form;
    std::string outcome;
    for (const auto& entry : node) {
      const std::string name = scalar(entry.first, key);
      if (name == "outcome" && role != Pattern::Role::Start) {
        outcome = scalar(entry.second, key + ": outcome");
      } else if (among(kForms, name) && form.empty()) {
        form = name;
        read_form(name, entry.second, role, patterns);
      } else {
        fail(entry.first, key, "\"" + name + "\"", kAllowed);
      }
    }
    if (form.empty()) fail(node, key, "no pattern", kAllowed);
    for (size_t i = first; i < patterns.size(); ++i) patterns[i].outcome = outcome;
  }

  void read_form(const std::string& key, const YAML::Node& node, Pattern::Role role,
                 std::vector<Pattern>& patterns) const {
    Pattern pattern{.role = role, .origin = origin_(node)};
    if (key == "json" || key == "logfmt") {
      pattern.form = key == "json" ? Pattern::Form::Json : Pattern::Form::Logfmt;
      read_keyed(key, node, pattern);
      patterns.push_back(std::move(pattern));
      return;
    }
    pattern.form = key == "match" ? Pattern::Form::Template : Pattern::Form::Regex;
    for (std::string& text : scalars(node, key)) {
      pattern.text = std::move(text);
      patterns.push_back(pattern);
    }
  }

  void read_keyed(const std::string& key, const YAML::Node& node, Pattern& pattern) const {
    if (!node.IsMap()) fail(node, key, describe(node), "a map, {duration: PATH:UNIT, where: {PATH: TEXT}}");
    const std::string where = key + ": where";
    for (const auto& entry : node) {
      const std::string name = scalar(entry.first, key);
      if (name == "where") {
        if (!entry.second.IsMap()) fail(entry.second, where, describe(entry.second), "a map, {PATH: TEXT}");
        for (const auto& condition : entry.second) {
          const std::string path = scalar(condition.first, where);
          pattern.conditions.push_back({.path = path, .globs = scalars(condition.second, where)});
        }
        continue;
      }
      const auto field = field_named(name);
      if (!field) fail(entry.first, key, "\"" + name + "\"", known_fields() + ", where");
      std::string full = key;
      full.append(": ").append(name);
      for (std::string& path : scalars(entry.second, full)) {
        pattern.fields.push_back(field_at(std::move(path), *field, entry.second, full));
      }
    }
  }

  /// "task.elapsed:ms"
  FieldSpec field_at(std::string path, Field field, const YAML::Node& node, const std::string& key) const {
    FieldSpec spec{.field = field, .path = std::move(path)};
    const size_t colon = spec.path.rfind(':');
    if (!has_unit(field) || colon == std::string::npos) return spec;
    const auto unit = unit_named(std::string_view(spec.path).substr(colon + 1));
    if (!unit) fail(node, key, describe(node), "PATH:UNIT with unit ns, us, ms, s, m, h, auto");
    spec.unit = *unit;
    spec.path.resize(colon);
    return spec;
  }

  Origin origin_;
  bool label_;
};

/// Puts `value` at `keys` into a rule's map: "start.match" is {start: {match: …}}.
void put(YAML::Node& map, const std::string& key, const YAML::Node& value) {
  const size_t dot = key.find('.');
  if (dot == std::string::npos) {
    map[key] = value;
    return;
  }
  const std::string first = key.substr(0, dot);
  YAML::Node below = map[first].IsDefined() ? map[first] : YAML::Node(YAML::NodeType::Map);
  put(below, key.substr(dot + 1), value);
  map[first] = below;
}

/// A label's value: what has structure in YAML's flow form, all else as it stands, whatever it looks like.
Result<YAML::Node> label_value(const std::string& label, const std::string& text) {
  const std::string key = label.substr(label.rfind('.') + 1);
  const bool map = key == "json" || key == "logfmt" || key == "any" || (key == "outcome" && text.starts_with('{'));
  if (!map) return YAML::Node(text);
  return load_yaml(text, "label " + label);
}

}  // namespace

Result<std::vector<Rule>> parse_rules(const std::string& text, const std::string& name) {
  const auto root = load_yaml(text, name);
  if (!root.ok()) return root.error();
  try {
    YAML::Node list = *root;
    if (list.IsMap()) {
      const YAML::Node tasks = list["tasks"];
      if (!tasks.IsDefined()) return std::vector<Rule>();
      list.reset(tasks);
    }
    if (list.IsNull()) return std::vector<Rule>();
    const auto origin = [&](const YAML::Node& node) { return name + ":" + std::to_string(node.Mark().line + 1); };
    if (!list.IsSequence()) return Error{.attempt = origin(list) + ": tasks: expected a list of rules, \"- name: …\""};
    if (list.size() > kMaxRules) return Error{.attempt = name + ": tasks: more than 1000 rules"};
    RuleReader reader(origin, false);
    std::vector<Rule> rules;
    for (const auto& node : list) rules.push_back(reader.read(node));
    return rules;
  } catch (const Wrong& wrong) {
    return Error{.attempt = wrong.text};
  } catch (const YAML::Exception& exception) {
    return Error{.attempt = name + ":" + std::to_string(exception.mark.line + 1) + ": " + exception.msg};
  }
}

Result<std::vector<Rule>> rules_of_labels(const std::map<std::string, std::string>& labels) {
  std::map<std::string, YAML::Node> by_name;
  try {
    for (const auto& [label, text] : labels) {
      if (!label.starts_with(kLabelPrefix)) continue;
      std::string key = label.substr(kLabelPrefix.size());
      std::string name;
      const std::string first = key.substr(0, key.find('.'));
      if (!among(kWhat, first) && !among(kOthers, first) && first.size() < key.size()) {
        name = first;
        key = key.substr(first.size() + 1);
      }
      auto value = label_value(label, text);
      if (!value.ok()) return value.error();
      put(by_name[name], key, *value);
    }
    std::vector<Rule> rules;
    for (auto& [name, node] : by_name) {
      std::string origin = "label benchd.task";
      if (!name.empty()) origin.append(".").append(name);
      if (!node["name"].IsDefined()) node["name"] = name.empty() ? "task" : name;
      RuleReader reader([&](const YAML::Node&) -> std::string { return origin; }, true);
      rules.push_back(reader.read(node));
    }
    return rules;
  } catch (const Wrong& wrong) {
    return Error{.attempt = wrong.text};
  } catch (const YAML::Exception& exception) {
    return Error{.attempt = "labels benchd.task.*: " + exception.msg};
  }
}

Rule rule_of_pattern(Pattern::Form form, std::string_view text, std::string_view origin) {
  Rule rule{.name = "task", .origin = std::string(origin)};
  rule.patterns.push_back({.form = form, .text = std::string(text), .origin = rule.origin});
  return rule;
}

}  // namespace benchd::rules
