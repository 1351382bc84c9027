#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/door.h"
#include "daemon/door/in_process_door.h"

namespace benchd::daemon {

/// base::Door::open_log_folder and base::Door::open_log with the rights of this process.
base::Result<base::Fd> open_folder_of_logs(const DoorPaths& paths, const base::LogFolder& folder);
base::Result<base::Fd> open_log_file(const DoorPaths& paths, const base::LogFolder& folder, std::string_view file);

/// base::Door::host_logs.
std::vector<std::string> configured_files(const DoorPaths& paths);

}  // namespace benchd::daemon
