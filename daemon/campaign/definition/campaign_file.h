#pragma once

#include <string>

#include "base/result.h"
#include "daemon/campaign/definition/definition.h"

namespace benchd::campaign {

/// The definition that a campaign file's text holds, its defaults and matrix worked in. `name` stands in the errors,
/// which say file, line, key, what was found and what is allowed. Folders of builds are relative to `folder`, that of
/// the file; host paths of volumes too.
base::Result<Definition> parse_campaign(const std::string& text, const std::string& name, const std::string& folder);

/// A commented file to begin with, which parse_campaign() takes.
std::string campaign_template();

}  // namespace benchd::campaign
