#pragma once

#include <string>

#include "base/door.h"
#include "collectors/runtimes/engine_json.h"

namespace benchd::runtimes {

/// What the runtime wrote down about a container, read through the door: dockerd's config.v2.json, containerd's and
/// CRI-O's OCI bundle. Under the kubelet's cgroupfs driver the path does not name the runtime, so containerd and CRI-O
/// are both tried. An OCI bundle does not know how its container is: it counts as running. At most 4 MiB are read.
/// Errors: ENOENT no such container, EACCES, EFBIG, and code 0 for a file that is no such document.
base::Result<Inspected> read_bundle(base::Door& door, model::Runtime runtime, const std::string& runtime_id,
                                    const LabelFilter& labels);

}  // namespace benchd::runtimes
