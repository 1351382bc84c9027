#pragma once

#include <optional>
#include <set>
#include <vector>

#include "base/door.h"
#include "model/container.h"
#include "model/status.h"

namespace benchd::runtimes {

struct EngineHealth {
  base::EngineId engine;
  std::optional<base::Error> trouble;
};

/// In a person's words: the engines that are there and do not work, and the runtimes of containers that stay without a
/// name because there is nobody to ask. A runtime that is neither here nor needed is no state.
std::vector<model::State> engine_states(const std::vector<EngineHealth>& engines,
                                        const std::set<model::Runtime>& nameless);

}  // namespace benchd::runtimes
