#pragma once

#include <functional>
#include <string>

#include "base/door.h"
#include "base/result.h"
#include "model/log.h"

namespace benchd::daemon {

/// Calls `take` for the last `lines` lines that a container has written, by its name or id, as its engine hands them
/// out: of the first engine that knows one. Waits for the engine, at most some seconds for each of its answers.
/// ENOENT: no engine knows such a container; the Error says what each said.
base::Result<base::Done> read_container_log(base::Door& door, const std::string& name, size_t lines,
                                            const std::function<void(const model::LogLine&)>& take);

}  // namespace benchd::daemon
