#include "daemon/campaign/engine/container_body.h"

#include <cmath>

#include <fmt/format.h>

#include "base/text.h"
#include "daemon/campaign/engine/engine_json.h"

namespace benchd::campaign {
namespace {

using base::Error;
using base::Result;

constexpr uint64_t kPeriodUsec = 100'000;

/// "HOST:/IN/CONTAINER:ro" of a path; a volume by its name else.
void add_volume(std::string_view text, Json& body) {
  const std::string source(base::cut(text, ':'));
  const std::string destination(base::cut(text, ':'));
  Json options = Json::array();
  while (!text.empty()) options.push_back(base::cut(text, ','));
  if (source.starts_with('/')) {
    options.push_back("rbind");
    body["mounts"].push_back(
        {{"type", "bind"}, {"source", source}, {"destination", destination}, {"options", options}});
  } else {
    body["volumes"].push_back({{"Name", source}, {"Dest", destination}, {"Options", options}});
  }
}

Result<base::Done> add_security(const std::string& option, Json& body) {
  std::string_view value = option;
  const std::string_view key = base::cut(value, '=');
  if (key == "seccomp")
    body["seccomp_profile_path"] = value;
  else if (key == "apparmor")
    body["apparmor_profile"] = value;
  else if (key == "label")
    body["selinux_opts"].push_back(value);
  else if (option == "no-new-privileges")
    body["no_new_privileges"] = true;
  else
    return Error{.attempt = "security: found \"" + option +
                            "\", of podman allowed is seccomp=…, apparmor=…, label=…, no-new-privileges"};
  return base::Done{};
}

}  // namespace

std::string docker_body(const Variant& variant, const ContainerPlan& plan) {
  Json host = {{"CgroupParent", plan.cgroup_parent}, {"Binds", variant.volumes}};
  if (!variant.cpus.empty()) host["CpusetCpus"] = variant.cpus;
  if (!variant.mems.empty()) host["CpusetMems"] = variant.mems;
  if (variant.cpu_limit) host["NanoCpus"] = std::llround(*variant.cpu_limit * 1e9);
  if (variant.memory_bytes) {
    host["Memory"] = *variant.memory_bytes;
    host["MemorySwap"] = *variant.memory_bytes;  // both together: no swap
  }
  if (!variant.security.empty()) host["SecurityOpt"] = variant.security;
  Json body = {{"Image", plan.image}, {"Env", Json::array()}, {"Labels", plan.labels}};
  if (!variant.network.empty()) {
    host["NetworkMode"] = variant.network;
  } else if (!plan.network.empty()) {
    host["NetworkMode"] = plan.network;
    if (!plan.alias.empty())
      body["NetworkingConfig"]["EndpointsConfig"][plan.network]["Aliases"] = Json::array({plan.alias});
  }
  body["HostConfig"] = host;
  if (!variant.command.empty()) body["Cmd"] = variant.command;
  for (const auto& [name, value] : variant.environment) body["Env"].push_back(fmt::format("{}={}", name, value));
  return dumped(body);
}

Result<std::string> podman_body(const Variant& variant, const ContainerPlan& plan) {
  Json body = {{"name", plan.name},
               {"image", plan.image},
               {"labels", plan.labels},
               {"cgroup_parent", plan.cgroup_parent},
               {"cgroups_mode", "no-conmon"}};
  if (!variant.command.empty()) body["command"] = variant.command;
  if (!variant.environment.empty()) body["env"] = variant.environment;
  if (variant.network == "none" || variant.network == "host") {
    body["netns"]["nsmode"] = variant.network;
  } else if (const auto& network = variant.network.empty() ? plan.network : variant.network; !network.empty()) {
    body["netns"]["nsmode"] = "bridge";
    body["networks"][network] = Json::object();
    if (network == plan.network && !plan.alias.empty())
      body["networks"][network]["aliases"] = Json::array({plan.alias});
  }
  if (!variant.cpus.empty()) body["resource_limits"]["cpu"]["cpus"] = variant.cpus;
  if (!variant.mems.empty()) body["resource_limits"]["cpu"]["mems"] = variant.mems;
  if (variant.cpu_limit) {
    body["resource_limits"]["cpu"]["period"] = kPeriodUsec;
    body["resource_limits"]["cpu"]["quota"] = std::llround(*variant.cpu_limit * kPeriodUsec);
  }
  if (variant.memory_bytes) {
    body["resource_limits"]["memory"]["limit"] = *variant.memory_bytes;
    body["resource_limits"]["memory"]["swap"] = *variant.memory_bytes;
  }
  for (const std::string& volume : variant.volumes) add_volume(volume, body);
  for (const std::string& option : variant.security)
    if (const auto added = add_security(option, body); !added.ok()) return added.error();
  return dumped(body);
}

}  // namespace benchd::campaign
