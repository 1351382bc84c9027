#include "daemon/campaign/definition/variant_reader.h"

#include <algorithm>
#include <utility>

#include "daemon/campaign/definition/command_line.h"

namespace benchd::campaign {
namespace {

using Names = std::vector<std::string>;

constexpr std::string_view kVariant[] = {"image",     "build",   "args",     "local",   "command",  "env",
                                         "volumes",   "network", "security", "cpus",    "mems",     "memory",
                                         "cpu_limit", "until",   "timeout",  "prepare", "conclude", "check"};
constexpr std::string_view kService[] = {"image",   "build",    "args", "local", "command", "env",       "volumes",
                                         "network", "security", "cpus", "mems",  "memory",  "cpu_limit", "ready"};
constexpr std::string_view kReady[] = {"command", "timeout"};
constexpr std::string_view kUntil[] = {"tasks", "duration"};
constexpr std::string_view kCheck[] = {"tasks", "exit"};
/// The kernel's least quota is a hundredth of its period of 100 ms.
constexpr double kLeastCpuLimit = 0.01;
constexpr double kMostCpuLimit = 4096;
constexpr uint64_t kMostTasks = 1'000'000'000'000;

/// What defaults say of containers does not concern local commands.
bool applies(std::string_view key, const Variant& variant) {
  const bool of_containers = key == "volumes" || key == "network" || key == "security";
  return !of_containers || variant.kind != Variant::Kind::Local;
}

/// A host's name in a network, and part of a unit's.
bool is_host_name(std::string_view name) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !name.empty() && name.size() <= 63 && plain(name.front()) && plain(name.back()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return plain(c) || c == '-'; });
}

}  // namespace

Variant VariantReader::variant(const std::string& name, const YAML::Node& node, const YAML::Node& defaults) const {
  Variant variant{.name = name};
  const std::string where = "variants." + name;
  if (!node.IsMap()) yaml_.fail(node, where, "{image: …}, {build: …} or {local: true}, and how it runs");
  read_kind(node, where, variant);
  // The command is taken apart as its kind wants it: kinds come first.
  if (defaults)
    for (const std::string_view key : kHow)
      if (const auto value = defaults[std::string(key)]; value && applies(key, variant))
        read_how(std::string(key), value, "defaults", variant);
  yaml_.each(node, where, kVariant, [&](const std::string& key, const YAML::Node& value) {
    if (std::find(std::begin(kHow), std::end(kHow), key) != std::end(kHow)) read_own(key, value, where, variant);
  });
  if (variant.kind == Variant::Kind::Local && variant.command.empty())
    yaml_.fail(node, where + ".command", "nothing", "a command, here or in defaults");
  return variant;
}

void VariantReader::read_kind(const YAML::Node& node, const std::string& where, Variant& variant) const {
  const int kinds = int{node["image"].IsDefined()} + int{node["build"].IsDefined()} + int{node["local"].IsDefined()};
  if (kinds != 1)
    yaml_.fail(node, where, std::to_string(kinds) + " of image, build and local", "one of image, build, local: true");
  if (const auto image = node["image"]) {
    variant.kind = Variant::Kind::Image;
    variant.image = yaml_.name(image, where + ".image");
  } else if (const auto build = node["build"]) {
    variant.kind = Variant::Kind::Build;
    variant.image = in_folder(yaml_.name(build, where + ".build"));
    if (const auto arguments = node["args"]) variant.build_arguments = yaml_.pairs(arguments, where + ".args");
  } else if (!yaml_.flag(node["local"], where + ".local")) {
    yaml_.fail(node["local"], where + ".local", "true, or none of it");
  }
  if (node["args"] && !node["build"]) yaml_.fail(node["args"], where + ".args", "it without build", "it beside build");
}

std::string VariantReader::in_folder(const std::string& path) const {
  if (path.starts_with('/') || folder_.empty()) return path;
  return folder_ + '/' + (path.starts_with("./") ? path.substr(2) : path);
}

void VariantReader::read_own(const std::string& key, const YAML::Node& node, const std::string& where,
                             Variant& variant) const {
  if (!applies(key, variant)) yaml_.fail(node, where + "." + key, "it for a local command", "it in containers only");
  read_how(key, node, where, variant);
}

void VariantReader::read_how(const std::string& key, const YAML::Node& node, const std::string& where,
                             Variant& variant) const {
  const std::string full = where + "." + key;
  if (key == "command") {
    variant.command = command(node, full, variant.kind);
  } else if (key == "env") {
    for (auto& [name, value] : yaml_.pairs(node, full)) variant.environment[name] = value;
  } else if (key == "volumes") {
    variant.volumes = volumes(node, full);
  } else if (key == "network") {
    variant.network = yaml_.name(node, full);
  } else if (key == "security") {
    variant.security = yaml_.texts(node, full);
  } else if (key == "cpus") {
    variant.cpus = yaml_.number_list(node, full, "cpus, such as \"2-5\" or \"0,2\"");
  } else if (key == "mems") {
    variant.mems = yaml_.number_list(node, full, "memory nodes, such as \"0\" or \"0-1\"");
  } else if (key == "memory") {
    variant.memory_bytes = yaml_.bytes(node, full);
  } else if (key == "cpu_limit") {
    variant.cpu_limit = yaml_.number(node, full, kLeastCpuLimit, kMostCpuLimit);
  } else if (key == "until") {
    variant.until = until(node, full);
  } else if (key == "timeout") {
    variant.timeout_ns = yaml_.duration(node, full);
  } else if (key == "prepare") {
    variant.prepare = yaml_.text(node, full);
  } else if (key == "conclude") {
    variant.conclude = yaml_.text(node, full);
  } else {
    variant.check = check(node, full);
  }
}

Names VariantReader::command(const YAML::Node& node, const std::string& key, Variant::Kind kind) const {
  if (node.IsSequence()) {
    Names words = yaml_.texts(node, key);
    if (words.empty() || words[0].empty()) yaml_.fail(node, key, "no program", "a program and its arguments");
    return words;
  }
  // A container may have no shell: there a text is only taken apart.
  auto words = split_command(yaml_.name(node, key), kind == Variant::Kind::Local ? Shell::Auto : Shell::None);
  if (!words.ok()) yaml_.fail(node, key, words.error().message(), "a command, or a list of its words");
  return *std::move(words);
}

Names VariantReader::volumes(const YAML::Node& node, const std::string& key) const {
  Names volumes = yaml_.texts(node, key);
  for (std::string& volume : volumes) {
    const size_t colon = volume.find(':');
    if (colon == 0 || colon == std::string::npos || volume.size() < colon + 2 || volume[colon + 1] != '/')
      yaml_.fail(node, key, "\"" + volume + "\"", "HOST:/IN/CONTAINER, or with :ro behind");
    const std::string host = volume.substr(0, colon);
    const bool path = host.find('/') != std::string::npos || host.starts_with('.');
    if (path) volume = in_folder(host) + volume.substr(colon);
  }
  return volumes;
}

Until VariantReader::until(const YAML::Node& node, const std::string& key) const {
  Until until;
  if (node.IsScalar()) {
    if (node.Scalar() != "exit") yaml_.fail(node, key, "exit, {tasks: 500} or {duration: 60s}");
    return until;
  }
  yaml_.each(node, key, kUntil, [&](const std::string& entry, const YAML::Node& value) {
    if (entry == "tasks")
      until.tasks = yaml_.count(value, key + ".tasks", 1, kMostTasks);
    else
      until.duration_ns = yaml_.duration(value, key + ".duration");
  });
  return until;
}

Check VariantReader::check(const YAML::Node& node, const std::string& key) const {
  Check check;
  yaml_.each(node, key, kCheck, [&](const std::string& entry, const YAML::Node& value) {
    if (entry == "tasks")
      check.tasks = yaml_.count(value, key + ".tasks", 0, kMostTasks);
    else
      check.exit_code = static_cast<int>(yaml_.count(value, key + ".exit", 0, 255));
  });
  return check;
}

Ready VariantReader::ready(const YAML::Node& node, const std::string& key, Variant::Kind kind) const {
  Ready ready;
  if (!node.IsMap()) {
    ready.command = command(node, key, kind);
    return ready;
  }
  yaml_.each(node, key, kReady, [&](const std::string& entry, const YAML::Node& value) {
    if (entry == "command")
      ready.command = command(value, key + ".command", kind);
    else
      ready.timeout_ns = yaml_.duration(value, key + ".timeout");
  });
  if (ready.command.empty()) yaml_.fail(node, key, "no command", "a command, or {command: pg_isready, timeout: 60s}");
  return ready;
}

Service VariantReader::service(const std::string& name, const YAML::Node& node) const {
  const std::string where = "services." + name;
  Service service;
  Variant& variant = service.variant;
  variant.name = name;
  if (!is_host_name(name))
    yaml_.fail(node, where, "this name", "one of small letters, digits and dashes: others find it by its name");
  yaml_.each(node, where, kService, [](const std::string&, const YAML::Node&) {});
  read_kind(node, where, variant);
  for (const std::string_view key : kHow)
    if (const auto how = node[std::string(key)]) read_own(std::string(key), how, where, variant);
  if (variant.kind == Variant::Kind::Local && variant.command.empty())
    yaml_.fail(node, where + ".command", "nothing", "a command");
  if (const auto node_ready = node["ready"]) service.ready = ready(node_ready, where + ".ready", variant.kind);
  return service;
}

}  // namespace benchd::campaign
