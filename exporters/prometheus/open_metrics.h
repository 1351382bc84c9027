#pragma once

#include <string>
#include <string_view>

#include "exporters/prometheus/catalogue.h"

namespace benchd::exposition {

/// OpenMetrics 1.0 where it differs from the text format: https://prometheus.io/docs/specs/om/open_metrics_spec

/// HELP, TYPE and, where the name ends with it, UNIT. A counter's name stands here without its `_total`.
std::string open_metrics_header(const Family& family);

/// HELP and TYPE; the name of a "counter" ends with `_total`.
void append_open_metrics_header(std::string& out, std::string_view name, std::string_view type, std::string_view help);

}  // namespace benchd::exposition
