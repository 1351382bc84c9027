#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/interrupts.h"
#include "collectors/tasks/rules/rule_set.h"
#include "daemon/campaign/cgroups/cgroup_home.h"
#include "daemon/campaign/measure/host_noise.h"
#include "daemon/campaign/measure/run_meter.h"
#include "daemon/campaign/runner.h"
#include "daemon/campaign/services.h"
#include "daemon/campaign/spawn.h"

namespace benchd::campaign {

/// Where the output of local commands goes that no rule reads.
enum class Output : uint8_t { Null, Inherit };

/// What all runners of a campaign share.
struct RunnerParts {
  const CgroupHome& home;
  base::Interrupts& interrupts;
  NoiseMeter& noise;
  Services& services;
  RunMeter& meter;
  rules::RuleSet* rules = nullptr;  ///< null: output is not read
  Output output = Output::Null;
};

/// Runs commands of this host, each in a fresh cgroup. A run lasts from just before its program's first instruction
/// until nothing is left in its cgroup: what a command leaves running in the background belongs to it.
class LocalRunner : public Runner {
 public:
  static base::Result<std::unique_ptr<LocalRunner>> make(const RunnerParts& parts);

  base::Result<base::Done> check(const Variant& variant) override;
  base::Result<std::optional<model::RunRecord>> run(const Variant& variant, model::RunRecord record) override;

 private:
  LocalRunner(const RunnerParts& parts, base::Fd null) : parts_(parts), null_(std::move(null)) {}

  const RunnerParts parts_;
  const base::Fd null_;
  std::map<std::string, Program> programs_;  ///< by variant
};

}  // namespace benchd::campaign
