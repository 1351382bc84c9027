#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/interrupts.h"
#include "base/result.h"
#include "daemon/campaign/engine/engine.h"
#include "daemon/campaign/spawn.h"

/// Runs a command to see how it ends: empty where it ended with 0, else in words how it did. What is not over at
/// `deadline` is cut off. ECANCELED: interrupted.
namespace benchd::campaign {

/// `container`: "/containers/ID". By the engine's exec, with the end of its output in the words.
base::Result<std::string> attempt_in_container(const Engine& engine, const std::string& container,
                                               const std::vector<std::string>& command, base::Instant deadline);

/// As this user, its output to `null`.
base::Result<std::string> attempt_on_host(const Program& program, int null, base::Interrupts& interrupts,
                                          base::Instant deadline);

}  // namespace benchd::campaign
