#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/host.h"
#include "model/status.h"

namespace benchd::host {

/// Where the host's kernel files are; tests give directories of recorded files.
struct HostRoots {
  std::string proc = "/proc";
  std::string sys = "/sys";
};

/// Reads the host's own figures. One thread; its fds are kept from the first read on and given back with it.
class HostCollector {
 public:
  explicit HostCollector(const HostRoots& roots = {});
  ~HostCollector();
  HostCollector(const HostCollector&) = delete;
  HostCollector& operator=(const HostCollector&) = delete;

  /// Brings `reading` up to `now`; it must be the one of the turn before (or an empty one at the first), because the
  /// cold files are read every 10 s only and counters are kept from falling. Allocates only when something new appears.
  void read(base::Instant now, model::HostReading& reading);

  /// Of the last read; collector "host".
  const model::CollectorStatus& status() const;

  /// What this host lacks, as of the last cold read. Replaced there, so copy what must live on.
  const std::vector<model::State>& states() const;

 private:
  class Sources;
  std::unique_ptr<Sources> sources_;
};

}  // namespace benchd::host
