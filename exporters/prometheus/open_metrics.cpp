#include "exporters/prometheus/open_metrics.h"

#include <cmath>
#include <cstring>

#include "exporters/prometheus/label_text.h"
#include "exporters/prometheus/number.h"

namespace benchd::exposition {
namespace {

using ::prometheus::ClientMetric;
using ::prometheus::MetricFamily;
using ::prometheus::MetricType;

constexpr std::string_view kTotal = "_total";

void append_header(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
  if (type == "counter") name.remove_suffix(kTotal.size());
  out.append("# HELP ").append(name).append(" ");
  append_label_value(out, help);  // the same three escapes
  out.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
}

void append_number(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
    return;
  }
  char buffer[Number::kMaxLength];
  out.append(buffer, Number::real(value).write(buffer));
}

/// Bounds are written as floats ("1.0"): a bound is a label value, and 1 and 1.0 would be two series.
std::string bound(double value) {
  std::string text;
  append_number(text, value);
  if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";
  return text;
}

void append_sample(std::string& out, std::string_view name, std::string_view suffix, const ClientMetric& metric,
                   std::string_view extra_name, std::string_view extra_value, double value) {
  out.append(name).append(suffix);
  char separator = '{';
  const auto label = [&](std::string_view label_name, std::string_view label_value) {
    out += separator;
    out.append(label_name).append("=\"");
    append_label_value(out, label_value);
    out += '"';
    separator = ',';
  };
  for (const ClientMetric::Label& it : metric.label) label(it.name, it.value);
  if (!extra_name.empty()) label(extra_name, extra_value);
  if (separator == ',') out += '}';
  out += ' ';
  append_number(out, value);
  out += '\n';
}

void append_histogram(std::string& out, const std::string& name, const ClientMetric& metric) {
  const ClientMetric::Histogram& histogram = metric.histogram;
  for (const ClientMetric::Bucket& bucket : histogram.bucket)
    append_sample(out, name, "_bucket", metric, "le", bound(bucket.upper_bound),
                  static_cast<double>(bucket.cumulative_count));
  if (histogram.bucket.empty() || !std::isinf(histogram.bucket.back().upper_bound))
    append_sample(out, name, "_bucket", metric, "le", "+Inf", static_cast<double>(histogram.sample_count));
  append_sample(out, name, "_count", metric, "", "", static_cast<double>(histogram.sample_count));
  append_sample(out, name, "_sum", metric, "", "", histogram.sample_sum);
}

void append_summary(std::string& out, const std::string& name, const ClientMetric& metric) {
  for (const ClientMetric::Quantile& it : metric.summary.quantile)
    append_sample(out, name, "", metric, "quantile", bound(it.quantile), it.value);
  append_sample(out, name, "_count", metric, "", "", static_cast<double>(metric.summary.sample_count));
  append_sample(out, name, "_sum", metric, "", "", metric.summary.sample_sum);
}

std::string_view type_word(const MetricFamily& family) {
  switch (family.type) {
    case MetricType::Counter:
      return family.name.ends_with(kTotal) ? "counter" : "unknown";
    case MetricType::Gauge:
      return "gauge";
    case MetricType::Summary:
      return "summary";
    case MetricType::Histogram:
      return "histogram";
    case MetricType::Untyped:
      break;
  }
  return "unknown";
}

}  // namespace

std::string open_metrics_header(const Family& family) {
  std::string out;
  append_header(out, family.name, family.type == Type::Unknown ? "unknown" : name_of(family.type), family.help);
  if (const std::string_view unit = unit_of(family); !unit.empty()) {
    std::string_view name = family.name;
    if (family.type == Type::Counter) name.remove_suffix(kTotal.size());
    out.append("# UNIT ").append(name).append(" ").append(unit).append("\n");
  }
  return out;
}

void append_open_metrics(std::string& out, const std::vector<MetricFamily>& families) {
  for (const MetricFamily& family : families) {
    append_header(out, family.name, type_word(family), family.help);
    for (const ClientMetric& metric : family.metric) {
      switch (family.type) {
        case MetricType::Counter:
          append_sample(out, family.name, "", metric, "", "", metric.counter.value);
          break;
        case MetricType::Gauge:
          append_sample(out, family.name, "", metric, "", "", metric.gauge.value);
          break;
        case MetricType::Untyped:
          append_sample(out, family.name, "", metric, "", "", metric.untyped.value);
          break;
        case MetricType::Histogram:
          append_histogram(out, family.name, metric);
          break;
        case MetricType::Summary:
          append_summary(out, family.name, metric);
          break;
      }
    }
  }
}

}  // namespace benchd::exposition
