#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"
#include "model/container.h"
#include "model/workload.h"

namespace benchd::analysis {

/// Where what never got a name is charged to.
inline constexpr const char* kUnknownWorkload = "unknown";

/// The workload that a container is charged to, or nothing while that cannot be said. The first of these that holds:
///  - labels `benchd.experiment` and `benchd.variant`: that variant, named `benchd.workload` or "experiment/variant";
///  - label `benchd.workload`;
///  - Compose's labels, Docker's or podman's: "project/service";
///  - the image's reference as given;
///  - where no engine will ever tell: the machine's name (LXC, nspawn), or the path of a cgroup that `include` names.
/// `metadata` may be null. Texts are valid UTF-8, so that equal ones have equal labels.
std::optional<model::Workload> workload_of(const model::Container& container, const model::Metadata* metadata);

/// A workload as --workload.declare gives it: "NAME", or "experiment=E,variant=V" for what labels will call so. The
/// Error says what is allowed.
base::Result<model::Workload> declared_workload(std::string_view text);

}  // namespace benchd::analysis
