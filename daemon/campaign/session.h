#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/interrupts.h"
#include "base/result.h"
#include "daemon/campaign/definition/definition.h"
#include "daemon/campaign/definition/plan.h"
#include "daemon/campaign/progress.h"
#include "daemon/campaign/runner.h"
#include "daemon/campaign/services.h"
#include "model/run_record.h"

namespace benchd::campaign {

enum class Ending : uint8_t {
  Planned,      ///< every planned run is there, or the wanted precision is reached
  Interrupted,  ///< by a signal: what was done is kept
  Hopeless,     ///< a variant failed at each of its first starts
};

struct SessionParts {
  const Definition& definition;
  const model::Campaign& campaign;
  const std::vector<Start>& plan;
  model::HostFacts host;
  base::Interrupts& interrupts;
  Progress& progress;
  Services& services;
  std::function<Runner&(const Variant&)> runner_of;
  /// Keeps a run for good before the next begins.
  std::function<base::Result<base::Done>(const model::RunRecord&)> keep;
};

struct SessionResult {
  Ending ending = Ending::Planned;
  std::string reason;  ///< Hopeless: which variant, and how it fails
};

/// Carries out what a plan still lacks. `runs`: those there are, in the order of their starts; new ones follow them.
base::Result<SessionResult> carry_out(const SessionParts& parts, std::vector<model::RunRecord>& runs);

}  // namespace benchd::campaign
