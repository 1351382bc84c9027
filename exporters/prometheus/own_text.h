#pragma once

#include <string>
#include <vector>

#include <prometheus/metric_family.h>

#include "exporters/prometheus/format.h"

namespace benchd::exposition {

/// What benchd counts about itself: counters and gauges in prometheus-cpp's types, as text. In Format::Text byte for
/// byte what its TextSerializer writes, in a tenth of the time. In OpenMetrics a counter whose name has no `_total`
/// becomes "unknown", as in Prometheus' own client. Names are the caller's to keep valid; label values may be any
/// bytes.
void append_own_families(std::string& out, const std::vector<::prometheus::MetricFamily>& families, Format format);

}  // namespace benchd::exposition
