#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/door.h"
#include "collectors/tasks/logs/followed.h"
#include "model/container.h"

namespace benchd::logs {

/// The log of a Docker container with the json-file driver, of which only the id is known yet.
LogSpec docker_log(const std::string& id);
/// The container's id for the name of a log of Docker's, LogSpec::log; nothing for another log's.
std::optional<std::string> docker_id(std::string_view log);

/// The folder that Docker or podman keeps as long as the container of this log is not removed, by the log's name;
/// nothing for logs of others.
std::optional<base::LogFolder> folder_of_container(std::string_view log);

/// Where a container's stdout and stderr go. `spec` is empty where nobody keeps them or nobody can tell, and
/// `why_not` says why. Files where they are to be had, else the engine is asked.
struct OutputLog {
  std::optional<LogSpec> spec;
  std::string why_not;
};
OutputLog output_log(base::Door& door, const model::Container& container, const model::Metadata& metadata);

/// A file inside a container, by a rule's `path:`, which is absolute. `pid` is any process of the container.
LogSpec file_in_container(const model::Container& container, pid_t pid, const std::string& path);

/// A file of the host, by its absolute path.
LogSpec file_on_host(const std::string& path);
/// The path for the name of such a log; nothing for another log's.
std::optional<std::string> host_path(std::string_view log);

/// Of the files that match a rule's `files:`, those to be followed: what rotation made of another one among them is
/// read with that one.
std::vector<std::string> without_rotated(const std::vector<std::string>& paths);

}  // namespace benchd::logs
