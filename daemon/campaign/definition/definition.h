#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/experiment.h"

/// Campaigns: what `benchd bench` makes of an experiment's definition.
namespace benchd::campaign {

/// What ends a run that does not end by itself. Whatever comes first; neither: its own end.
struct Until {
  std::optional<uint64_t> tasks;
  std::optional<int64_t> duration_ns;
  friend bool operator==(const Until&, const Until&) = default;
};

/// What a run must have done, else it counts as failed.
struct Check {
  int exit_code = 0;
  std::optional<uint64_t> tasks;
  friend bool operator==(const Check&, const Check&) = default;
};

/// One way to run the workload, all defaults filled in.
struct Variant {
  enum class Kind : uint8_t { Local, Image, Build };

  std::string name;
  Kind kind = Kind::Local;
  std::string image;                                   ///< Image: its reference; Build: the folder of its Dockerfile
  std::map<std::string, std::string> build_arguments;  ///< Build
  std::vector<std::string> command;                    ///< program and arguments; empty: the image's own
  std::map<std::string, std::string> environment;      ///< added to benchd's own, or the image's
  std::vector<std::string> volumes;                    ///< "HOST:CONTAINER[:ro]"
  std::string network;                                 ///< of a container: "none", "host"; empty: the engine's
  std::vector<std::string> security;                   ///< of a container: "seccomp=unconfined"
  std::string cpus;                                    ///< that it may use, the kernel's list; empty: all
  std::string mems;                                    ///< memory nodes that it may use, likewise
  std::optional<uint64_t> memory_bytes;                ///< limit, without swap beside it
  std::optional<double> cpu_limit;                     ///< in cpus' time: 1.5 is 150 ms in 100 ms
  std::string directory;  ///< in which a local one, prepare and conclude work; empty: benchd's own
  std::string commit;     ///< of the repository whose files it uses, "-dirty" behind it; empty: nobody asked
  Until until;
  std::optional<int64_t> timeout_ns;
  std::string prepare;   ///< for /bin/sh on the host before each run, not timed; empty: nothing
  std::string conclude;  ///< after it
  Check check;
  friend bool operator==(const Variant&, const Variant&) = default;
};

/// What a service is ready by: a command in its container, or on the host for a local one, that ends with 0.
struct Ready {
  std::vector<std::string> command;     ///< empty: it is ready at once
  int64_t timeout_ns = 60'000'000'000;  ///< after which it is given up
  friend bool operator==(const Ready&, const Ready&) = default;
};

/// What is up for the whole campaign and never compared. Containers reach it by its name.
struct Service {
  Variant variant;
  Ready ready;
};

/// For which causes outside a variant a run is left out. Decided before a value is looked at.
struct ExclusionRule {
  bool enabled = true;
  double foreign_cpu = 0.1;  ///< others' CPU time on the cpus of the run, as a share of their time
  double steal = 0.05;       ///< likewise, what the hypervisor took away
  friend bool operator==(const ExclusionRule&, const ExclusionRule&) = default;
};

/// An experiment as it is fixed before its first run.
struct Definition {
  model::Experiment experiment;     ///< but its seed, which is the campaign's
  uint64_t runs = 20;               ///< of each variant, one a block
  std::optional<double> precision;  ///< enough when every interval's half is as small a share; `runs` is the most
  uint64_t warm_up = 0;             ///< uncounted runs of each variant before the first block
  std::vector<Variant> variants;    ///< in the experiment's order
  std::vector<model::Cell> cells;   ///< each variant in one of them; none: all are one
  std::vector<Service> services;
  std::string tasks;  ///< rules in JSON, as parse_rules() takes them; empty: none
  ExclusionRule exclusion;
};

/// The definition in canonical JSON, with the names of a campaign file: the same text for the same experiment, whatever
/// its file looked like.
std::string canonical_json(const Definition& definition);

/// 16 hex digits (FNV-1a, 64 bits): tells an edited experiment from the same one.
std::string hash_of(const std::string& canonical);

}  // namespace benchd::campaign
