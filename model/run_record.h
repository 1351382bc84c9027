#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "model/durations.h"
#include "model/reading.h"
#include "model/run.h"
#include "model/task.h"

namespace benchd::model {

/// What may explain why one host, or one day, is not another. Unknown: absent or empty.
struct HostFacts {
  std::string name;
  std::string kernel;     ///< release
  std::string cpu_model;  ///< as in /proc/cpuinfo
  uint32_t cpus = 0;      ///< logical, online
  std::string governor;   ///< of cpufreq; "mixed" where cpus differ
  std::optional<bool> turbo;
  std::optional<bool> smt;

  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 means the 0 that a rewritten < compares with
  friend auto operator<=>(const HostFacts&, const HostFacts&) = default;
};

/// What one run's tasks of one key took.
struct RunTasks {
  TaskKey key;
  uint64_t tasks = 0;
  uint64_t timed = 0;        ///< those whose duration is known
  uint64_t duration_ns = 0;  ///< of the timed ones together, exactly
  Durations durations;       ///< the timed ones by their duration
  friend bool operator==(const RunTasks&, const RunTasks&) = default;
};

/// What a run had used by an instant while it went on.
struct RunPoint {
  uint64_t at_usec = 0;  ///< since its start
  uint64_t cpu_usec = 0;
  std::optional<uint64_t> memory_bytes;  ///< then
  friend bool operator==(const RunPoint&, const RunPoint&) = default;
};

/// What a service of the campaign used during a run.
struct ServiceUse {
  std::string service;
  std::optional<uint64_t> cpu_usec;
  std::optional<uint64_t> memory_peak_bytes;  ///< from the service's own start to the run's end
  friend bool operator==(const ServiceUse&, const ServiceUse&) = default;
};

/// A finished run and all that is known of it: a row of the ledger. What was not measured is absent.
struct RunRecord {
  /// For good, and once in a ledger: CAMPAIGN/BLOCK/START of a campaign, else BOOT-ID/CGROUP-ID/START of the start
  /// that the daemon saw. Not empty; experiment and variant neither.
  std::string id;
  std::string campaign;  ///< empty: none
  std::string experiment;
  std::string variant;
  std::optional<uint64_t> block;
  uint64_t order = 0;  ///< of starts: within its campaign, from 0
  bool control = false;
  bool warm_up = false;
  std::string container;     ///< its name, else its cgroup's path
  std::string image_digest;  ///< empty: unknown, or no image
  HostFacts host;
  std::string cpuset;               ///< effective, as the kernel writes it
  std::optional<double> cpu_limit;  ///< cpus
  std::optional<uint64_t> memory_limit_bytes;

  int64_t started_at = 0;   ///< Unix time in nanoseconds: populated
  int64_t duration_ns = 0;  ///< populated → empty, by the kernel's events where they are seen
  std::optional<int> exit_code;
  bool oom_killed = false;
  std::string failure;    ///< "exit code 1", "timeout of 120 s", "check: 499 tasks, expected 500"; empty: none
  std::string exclusion;  ///< the cause outside the variant, by the rule fixed before; empty: it counts
  std::vector<std::string> incomplete;  ///< figures below that do not cover the whole run: "tasks", "io"

  uint64_t cpu_usec = 0;
  uint64_t cpu_user_usec = 0;
  uint64_t cpu_system_usec = 0;
  std::vector<std::pair<uint32_t, uint64_t>> cpu_ns;  ///< (logical cpu, time on it), ascending; empty: not collected
  std::optional<ThreadTimes> threads;
  std::optional<double> cpu_frequency_hz;  ///< mean over its cpus, of the readings in its course
  std::optional<uint64_t> throttled_usec;
  std::optional<uint64_t> memory_peak_bytes;
  std::optional<uint64_t> io_read_bytes;
  std::optional<uint64_t> io_written_bytes;
  std::optional<uint64_t> network_received_bytes;
  std::optional<uint64_t> network_sent_bytes;
  std::vector<RunTasks> tasks;
  std::optional<int64_t> task_span_ns;  ///< first start (or end) to last end
  std::vector<RunPoint> course;         ///< ascending; empty: nobody read it while it went on
  std::vector<ServiceUse> services;     ///< in the campaign's order
  friend bool operator==(const RunRecord&, const RunRecord&) = default;
};

/// One execution of an experiment.
struct Campaign {
  std::string id;          ///< sorts by its start: "20260102T030405-1a2b3c"
  std::string experiment;  ///< its name
  /// The experiment's definition as it was fixed before the first run, in canonical JSON, and its hash (hex): an edited
  /// file makes a new campaign.
  std::string definition;
  std::string hash;
  std::string host;
  uint64_t seed = 0;
  uint64_t planned_blocks = 0;
  int64_t started_at = 0;              ///< Unix time in nanoseconds
  std::optional<int64_t> finished_at;  ///< absent: going on, or cut off
  /// Times that a verdict was computed while it went on, and one more for its end once it is finished.
  uint64_t looks = 0;
  friend bool operator==(const Campaign&, const Campaign&) = default;
};

}  // namespace benchd::model
