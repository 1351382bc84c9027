#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/door.h"
#include "base/result.h"
#include "collectors/runtimes/label_filter.h"
#include "model/container.h"

namespace benchd::runtimes {

/// What happened to a container: one line of GET /events. Docker and podman differ in words and places, not here.
struct EngineEvent {
  enum class What : uint8_t { Create, Start, Die, Oom, Rename, Remove, Health, Other };
  What what = What::Other;
  std::string id;
  int64_t wall_ns = 0;  ///< Unix time
  std::string name;
  std::string image;
  std::map<std::string, std::string> labels;  ///< those that the filter lets through
  std::optional<int> exit_code;               ///< Die only
  std::string health;                         ///< Health only
};

/// Source: docs.docker.com/engine/api, "Monitor events" (Actor.Attributes holds the container's labels beside `name`,
/// `image` and, on "die", `exitCode`). Podman says "died" or "die", "remove" for "destroy", puts the exit code into
/// `containerExitCode` in some versions (and a 0 there in events that have none), and the health into `HealthStatus`
/// beside the attributes; Docker appends it to the action ("health_status: healthy").
base::Result<EngineEvent> parse_event(std::string_view line, const LabelFilter& labels);

/// One element of GET /containers/json.
struct ListedContainer {
  std::string id;
  std::string name;
  std::string image;
  std::string image_digest;
  std::map<std::string, std::string> labels;
};

/// Hands the list's elements to `take` one by one, without holding the whole document: 10,000 containers are 10 MB of
/// text and ten times as much as objects. An error after some elements is possible.
base::Result<base::Done> parse_list(std::string_view text, const LabelFilter& labels,
                                    const std::function<void(ListedContainer)>& take);

/// GET /containers/ID/json, and dockerd's config.v2.json, which has the same words (limits and log driver apart).
struct Inspected {
  model::Metadata metadata;
  bool running = false;
  bool finished = false;  ///< it ran and ended; exit code and end are known
};

/// `image_digest` is the image's own id (the digest of its configuration).
base::Result<Inspected> parse_inspect(std::string_view text, base::Engine engine, const LabelFilter& labels);

/// The config.json of an OCI bundle: containerd's CRI plugin, nerdctl and CRI-O leave names, image and log path in its
/// annotations. A pod's container is named NAMESPACE/POD/CONTAINER, its sandbox NAMESPACE/POD/POD as the kubelet calls
/// it.
base::Result<model::Metadata> parse_oci_bundle(std::string_view text, const LabelFilter& labels);

/// Unix seconds of an RFC 3339 time as Go writes it ("2026-11-22T00:15:34.038754095Z", "…+02:00"); nothing for Go's
/// zero time (year 1) or any other text.
std::optional<double> parse_time(std::string_view text);

}  // namespace benchd::runtimes
