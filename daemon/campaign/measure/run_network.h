#pragma once

#include <string>

#include "base/fd.h"
#include "model/run_record.h"

namespace benchd::campaign {

/// The traffic of a container in a network namespace of its own, which counts from 0 when it is made. While this is
/// open the namespace lives, and can be read after its last process.
class RunNetwork {
 public:
  /// None.
  RunNetwork() = default;
  /// Of the first process in the cgroup at `path`; none where it has ended already, or is in the namespace that benchd
  /// itself is in.
  static RunNetwork of(const std::string& path, const std::string& proc = "/proc");

  /// Reads it and lets it go; the record's fields stay absent where there is none, or no interface but its loopback.
  /// To be called as soon as the run is over: then the engine takes the interfaces away, and their counters with them.
  void take(model::RunRecord& record);

 private:
  base::Fd devices_;  ///< its /proc/PID/net/dev
};

}  // namespace benchd::campaign
