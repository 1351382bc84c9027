#include "daemon/campaign/session.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "analysis/comparison/cells.h"
#include "analysis/comparison/records.h"
#include "daemon/campaign/spawn.h"

namespace benchd::campaign {
namespace {

using base::Error;
using base::Result;

/// A variant that fails so often from its first start on fails always.
constexpr uint64_t kFirstFailures = 3;
/// Precision is looked at after so many blocks, and again after as many: fewer give no interval worth the name.
constexpr uint64_t kPrecisionBlocks = 10;

/// Runs a line of shell on the host, its output to standard error. False: interrupted.
Result<bool> run_shell(const std::string& line, const char* key, const std::string& directory,
                       base::Interrupts& interrupts) {
  if (line.empty()) return true;
  const auto program = find_program({"/bin/sh", "-c", line}, {}, directory);
  if (!program.ok()) return program.error();
  const base::Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const auto child = spawn(*program, {.input = null.get(), .output = STDERR_FILENO});
  if (!child.ok()) return child.error();
  for (;;) {
    pollfd waits[] = {{.fd = child->pidfd.get(), .events = POLLIN}, {.fd = interrupts.fd(), .events = POLLIN}};
    if (::poll(waits, 2, -1) < 0 && errno != EINTR) return base::errno_error("wait for " + line);
    if (waits[1].revents != 0 && interrupts.seen()) {
      ::kill(-child->pid, SIGKILL);
      wait_for(*child);
      return false;
    }
    if (waits[0].revents != 0) break;
  }
  const ExitStatus status = wait_for(*child);
  if (status.code != 0)
    return Error{.attempt = std::string(key) + ": `" + line + "` ended with exit code " + std::to_string(status.code)};
  return true;
}

/// Whether every interval is as narrow as wanted. No verdict is computed from it: no look.
bool is_precise(const Definition& definition, const std::vector<model::RunRecord>& runs) {
  const auto narrow = [&](const model::Estimate& ratio) {
    if (!ratio.bounds || !(ratio.bounds->low > 0) || !std::isfinite(ratio.bounds->high)) return false;
    return std::log(ratio.bounds->high / ratio.bounds->low) / 2 <= std::log1p(*definition.precision);
  };
  const auto cells = analysis::experiments_of(definition.experiment, definition.cells);
  return std::all_of(cells.begin(), cells.end(), [&](const model::Experiment& cell) {
    const auto set = analysis::compare(cell, runs, {});
    if (!set.ok() || (set->control && !narrow(set->control->ratio))) return false;
    return std::all_of(set->comparisons.begin(), set->comparisons.end(),
                       [&](const model::Comparison& it) { return narrow(it.ratio); });
  });
}

/// How a variant failed, if it did at each of its first starts.
std::string always_fails(const std::vector<model::RunRecord>& runs, const std::string& variant) {
  if (runs.back().failure.empty()) return {};
  std::vector<const model::RunRecord*> its;
  for (const model::RunRecord& run : runs)
    if (run.variant == variant) its.push_back(&run);
  if (its.size() < kFirstFailures) return {};
  if (std::any_of(its.begin(), its.end(), [](const model::RunRecord* run) { return run->failure.empty(); })) return {};
  return its.back()->failure;
}

class Session {
 public:
  Session(const SessionParts& parts, std::vector<model::RunRecord>& runs) : parts_(parts), runs_(runs) {}

  Result<SessionResult> carry_out() {
    std::set<std::string> done;
    for (const model::RunRecord& run : runs_) done.insert(run.id);
    for (size_t i = 0; i < parts_.plan.size(); ++i) {
      const Start& start = parts_.plan[i];
      const std::string id = run_id(parts_.campaign.id, start);
      if (done.contains(id)) {
        parts_.progress.skip();
      } else {
        if (parts_.interrupts.seen()) return SessionResult{.ending = Ending::Interrupted};
        const auto ran = run(start, id);
        if (!ran.ok()) return ran.error();
        if (!*ran) return SessionResult{.ending = Ending::Interrupted};
        const std::string failure = always_fails(runs_, runs_.back().variant);
        if (!failure.empty())
          return SessionResult{.ending = Ending::Hopeless,
                               .reason = runs_.back().variant + " failed at each of its first starts: " + failure};
      }
      const bool block_ends = i + 1 == parts_.plan.size() || parts_.plan[i + 1].block != start.block;
      if (block_ends && enough(start.block)) break;
    }
    return SessionResult();
  }

 private:
  bool enough(std::optional<uint64_t> block) const {
    return parts_.definition.precision && block && (*block + 1) % kPrecisionBlocks == 0 &&
           is_precise(parts_.definition, runs_);
  }

  /// False: interrupted.
  Result<bool> run(const Start& start, const std::string& id) {
    const Variant& variant = parts_.definition.variants[start.variant];
    parts_.progress.begins(start);
    auto prepared = run_shell(variant.prepare, "prepare", variant.directory, parts_.interrupts);
    if (!prepared.ok() || !*prepared) return prepared;
    parts_.services.run_begins();
    auto record = parts_.runner_of(variant).run(variant, blank(start, id));
    if (!record.ok()) return record.error();
    if (!*record) return false;
    if (const auto up = parts_.services.check_up(); !up.ok()) return up.error();
    (*record)->services = parts_.services.run_ends(variant.name);
    auto concluded = run_shell(variant.conclude, "conclude", variant.directory, parts_.interrupts);
    if (!concluded.ok()) return concluded;
    // It is over, whatever came while the host was tidied up: kept, and the next is not begun.
    if (auto kept = parts_.keep(**record); !kept.ok()) return kept.error();
    parts_.progress.ends(start, !(*record)->failure.empty());
    runs_.push_back(**std::move(record));
    return true;
  }

  model::RunRecord blank(const Start& start, const std::string& id) const {
    const Variant& variant = parts_.definition.variants[start.variant];
    model::RunRecord record;
    record.id = id;
    record.campaign = parts_.campaign.id;
    record.experiment = parts_.definition.experiment.name;
    record.variant = variant.name;
    record.block = start.block;
    record.order = start.order;
    record.control = start.control;
    record.warm_up = !start.block;
    record.host = parts_.host;
    record.cpu_limit = variant.cpu_limit;
    record.memory_limit_bytes = variant.memory_bytes;
    record.cpuset = variant.cpus;
    return record;
  }

  const SessionParts& parts_;
  std::vector<model::RunRecord>& runs_;
};

}  // namespace

Result<SessionResult> carry_out(const SessionParts& parts, std::vector<model::RunRecord>& runs) {
  return Session(parts, runs).carry_out();
}

}  // namespace benchd::campaign
