#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/verdict.h"

namespace benchd::daemon {

using FinishedCampaigns = std::shared_ptr<const std::vector<model::ComparisonSet>>;

/// What the latest finished campaign of each experiment in a ledger came to, in each cell of its matrix; of the twenty
/// experiments that have the latest ones. Takes some tenths of a second each. What cannot be read or judged is left
/// out.
FinishedCampaigns finished_campaigns(const std::string& ledger_path);

}  // namespace benchd::daemon
