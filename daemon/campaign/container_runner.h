#pragma once

#include <optional>

#include "daemon/campaign/engine/containers.h"
#include "daemon/campaign/local_runner.h"
#include "daemon/campaign/runner.h"

namespace benchd::campaign {

/// Runs images of a container engine, each start in a container of its own. A run lasts from the container's first
/// process, the runtime's own that sets it up, until there is none.
class ContainerRunner : public Runner {
 public:
  /// `containers` lives longer than this.
  ContainerRunner(const RunnerParts& parts, Containers& containers) : parts_(parts), containers_(containers) {}

  base::Result<base::Done> check(const Variant& variant) override { return containers_.check(variant); }
  base::Result<std::optional<model::RunRecord>> run(const Variant& variant, model::RunRecord record) override;

 private:
  base::Result<std::optional<model::RunRecord>> see(const Variant& variant, model::RunRecord record,
                                                    Container& container);

  const RunnerParts parts_;
  Containers& containers_;
};

}  // namespace benchd::campaign
