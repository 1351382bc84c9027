#include "exporters/prometheus/own_text.h"

#include <cassert>
#include <cmath>

#include "exporters/prometheus/label_text.h"
#include "exporters/prometheus/number.h"
#include "exporters/prometheus/open_metrics.h"

namespace benchd::exposition {
namespace {

using ::prometheus::ClientMetric;
using ::prometheus::MetricFamily;
using ::prometheus::MetricType;

void append_header(std::string& out, const MetricFamily& family, Format format) {
  const bool counts = family.type == MetricType::Counter;
  if (format == Format::OpenMetrics) {
    const bool has_total = family.name.ends_with("_total");
    append_open_metrics_header(out, family.name, counts ? (has_total ? "counter" : "unknown") : "gauge", family.help);
    return;
  }
  out.append("# HELP ").append(family.name).append(" ").append(family.help);
  out.append("\n# TYPE ").append(family.name).append(counts ? " counter\n" : " gauge\n");
}

void append_sample(std::string& out, const std::string& name, const ClientMetric& metric, double value, Format format) {
  out.append(name);
  char separator = '{';
  for (const ClientMetric::Label& label : metric.label) {
    out += separator;
    out.append(label.name).append("=\"");
    append_label_value(out, label.value);
    out += '"';
    separator = ',';
  }
  if (separator == ',') out += '}';
  out += ' ';
  if (std::isnan(value) && format == Format::OpenMetrics) {
    out += "NaN\n";
    return;
  }
  char text[Number::kMaxLength];
  out.append(text, Number::real(value).write(text));
  out += '\n';
}

}  // namespace

void append_own_families(std::string& out, const std::vector<MetricFamily>& families, Format format) {
  for (const MetricFamily& family : families) {
    assert(family.type == MetricType::Counter || family.type == MetricType::Gauge);
    append_header(out, family, format);
    for (const ClientMetric& metric : family.metric) {
      const double value = family.type == MetricType::Counter ? metric.counter.value : metric.gauge.value;
      append_sample(out, family.name, metric, value, format);
    }
  }
}

}  // namespace benchd::exposition
