#pragma once

#include <string>

#include "base/result.h"

namespace benchd::campaign {

/// A folder's files, folders and symbolic links as a tar archive (POSIX ustar, pax(1)) without owners and times, so
/// that the same contents are the same bytes. An Error for what ustar cannot hold: names above 255 bytes, devices,
/// sockets.
base::Result<std::string> tar_of(const std::string& folder);

}  // namespace benchd::campaign
