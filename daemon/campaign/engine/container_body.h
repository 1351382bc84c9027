#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "daemon/campaign/definition/definition.h"

namespace benchd::campaign {

/// How a container is made, beside what its variant says.
struct ContainerPlan {
  std::string name;
  std::string image;
  std::string cgroup_parent;  ///< a path below the hierarchy's root, or a slice's name
  std::map<std::string, std::string> labels;
  std::string network;  ///< that it is in unless its variant names one; empty: the engine's usual one
  std::string alias;    ///< there; or empty
};

/// The body of `POST /containers/create?name=NAME`.
std::string docker_body(const Variant& variant, const ContainerPlan& plan);

/// That of podman's own `POST /libpod/containers/create` (docs.podman.io, SpecGenerator): by Docker's API it would put
/// its monitor below the same cgroup, where its work counted as the container's.
base::Result<std::string> podman_body(const Variant& variant, const ContainerPlan& plan);

}  // namespace benchd::campaign
