#pragma once

#include <string>
#include <vector>

namespace benchd::daemon {

/// A metric family as `benchd metrics` lists it, whoever makes it: docs/metrics.md as data.
struct MetricEntry {
  std::string name;
  std::string type;                 ///< counter, gauge or untyped
  std::string unit;                 ///< seconds, bytes, hertz or empty
  std::vector<std::string> labels;  ///< all that a series has, but for those made from a container's own labels
  bool lasting = false;             ///< also shown of finished containers
  std::string source;               ///< the kernel's file and key, or who says it; empty of benchd's own
  std::string meaning;
};

/// Every family, in the order of the exposition, those about benchd itself last.
std::vector<MetricEntry> metric_list();

/// One line for each, in columns.
std::string as_text(const std::vector<MetricEntry>& list);

}  // namespace benchd::daemon
