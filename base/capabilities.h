#pragma once

#include <initializer_list>

#include "base/result.h"

namespace benchd::base {

/// Gives these capabilities (CAP_…, linux/capability.h) up for good: the calling thread, threads that it makes later
/// and programs that it starts will not have them again, even as root. To be called before there are other threads.
/// A capability that was not there is no error.
Result<Done> drop_capabilities(std::initializer_list<int> capabilities);

}  // namespace benchd::base
