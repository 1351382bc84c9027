#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "daemon/campaign/definition/definition.h"
#include "model/run_record.h"

namespace benchd::campaign {

/// Starts a variant and sees it to its end.
class Runner {
 public:
  Runner() = default;
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;
  virtual ~Runner() = default;

  /// What would keep every run of this variant from starting: command not found, no such image. Before the first run.
  virtual base::Result<base::Done> check(const Variant& variant) = 0;

  /// One run, measured into `record`, which says what and when it is. A run that goes wrong is a record with a failure;
  /// an Error is benchd's own and ends the campaign. Nothing: it was interrupted, and nothing is left of it.
  virtual base::Result<std::optional<model::RunRecord>> run(const Variant& variant, model::RunRecord record) = 0;
};

}  // namespace benchd::campaign
