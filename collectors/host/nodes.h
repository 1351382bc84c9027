#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "model/host.h"

namespace benchd::host {

/// nodeN/meminfo: "Node N Key:   N kB\n" (Documentation/admin-guide/mm/numaperf.rst's files, drivers/base/node.c).
void parse_node_meminfo(std::string_view text, model::HostNode& node);

/// nodeN/numastat: "numa_hit N\n" … in pages (Documentation/admin-guide/numastat.rst).
void parse_numastat(std::string_view text, model::HostNode& node);

/// The NUMA nodes below `sys`/devices/system/node; a kernel without NUMA has none.
class Nodes {
 public:
  explicit Nodes(const std::string& sys);
  void update(std::vector<model::HostNode>& nodes, base::ReadBuffer& buffer) const;

 private:
  base::Fd directory_;
};

}  // namespace benchd::host
