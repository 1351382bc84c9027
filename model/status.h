#pragma once

#include <string>
#include <vector>

namespace benchd::model {

/// Something this host lacks or that does not work, in a person's words. A state lasts until it is mended: it is logged
/// once when it begins and once when it ends, and `benchd doctor` lists it.
struct State {
  std::string subject;  ///< what it is about, stable: "memory controller", "docker engine"
  std::string found;    ///< "not enabled in /sys/fs/cgroup/cgroup.subtree_control"
  std::string cost;     ///< what the user does without: "no memory metrics"
  std::string cure;     ///< the command that mends it; empty where none does

  friend bool operator==(const State&, const State&) = default;
};

/// One collector's health, exported as benchd_collector_success and benchd_collector_duration_seconds.
struct CollectorStatus {
  const char* collector = "";  ///< the NAME of --collector.NAME; a literal
  bool success = false;        ///< it gave what it could on this host at its last turn
  double duration_seconds = 0;
};

}  // namespace benchd::model
