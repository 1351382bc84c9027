#pragma once

#include <optional>
#include <string_view>

#include "model/container.h"

namespace benchd::runtimes {

/// Whether a cgroup is a container, told by its path below the cgroup2 mount ("/system.slice/docker-….scope"), and
/// which. Pure; every known layout has a recorded path in tests/fixtures/paths.
///
/// The answer is for this cgroup alone, by its last component: what a container makes inside itself (`init.scope`,
/// `system.slice/x.service`, podman's `container`, LXC's `ns`) is no container, while a container inside a container
/// (Docker in Docker, a kind node) is one of its own. Runtimes' own helpers (conmon, lxc.monitor) and virtual machines
/// (libvirt) are none, nor are pods and build steps.
///
/// Kubernetes: `pod_uid` is in the API's form, with dashes. Under the kubelet's cgroupfs driver the path does not name
/// the runtime: Runtime::Kubernetes. Everywhere else the runtime is whom to ask for metadata.
///
/// Not told apart, because the path does not: an LXC payload made as NAME-1 since an old NAME's cgroup was still there;
/// a Docker container under an own --cgroup-parent from a containerd container in an own namespace (called Docker).
std::optional<model::PathMatch> match_path(std::string_view cgroup_path);

}  // namespace benchd::runtimes
