#pragma once

#include <memory>

#include "base/door.h"
#include "daemon/options.h"

namespace benchd::daemon {

/// The door that these options ask for.
std::unique_ptr<base::Door> make_door(const Options& options);

}  // namespace benchd::daemon
