#pragma once

#include <string>
#include <vector>

#include <prometheus/metric_family.h>

#include "exporters/prometheus/catalogue.h"

namespace benchd::exposition {

/// OpenMetrics 1.0 where it differs from the text format: https://prometheus.io/docs/specs/om/open_metrics_spec

/// HELP, TYPE and, where the name ends with it, UNIT. A counter's name stands here without its `_total`.
std::string open_metrics_header(const Family& family);

/// Families of a prometheus-cpp registry. A counter whose name has no `_total` becomes "unknown", as in Prometheus' own
/// client. Label names and metric names are the registry's to keep valid; label values may be any bytes.
void append_open_metrics(std::string& out, const std::vector<::prometheus::MetricFamily>& families);

}  // namespace benchd::exposition
