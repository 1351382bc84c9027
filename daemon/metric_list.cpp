#include "daemon/metric_list.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "daemon/self_metrics.h"
#include "exporters/prometheus/catalogue.h"

namespace benchd::daemon {
namespace {

std::vector<exposition::SubjectLabel> subject_labels_of(const exposition::Family& family) {
  if (family.subject == exposition::Subject::Workload) return exposition::subject_labels(model::Workload{});
  model::ContainerSnapshot nobody;
  nobody.container = std::make_shared<model::Container>();
  return exposition::subject_labels(family.subject, nobody);
}

std::vector<std::string> labels_of(const exposition::Family& family) {
  std::vector<std::string> labels;
  for (auto& label : subject_labels_of(family)) labels.push_back(std::move(label.name));
  std::string_view own = family.labels;
  while (!own.empty()) labels.emplace_back(base::trim(base::cut(own, ',')));
  return labels;
}

}  // namespace

std::vector<MetricEntry> metric_list() {
  std::vector<MetricEntry> list;
  for (const exposition::Family& family : exposition::catalogue()) {
    list.push_back({.name = family.name,
                    .type = std::string(name_of(family.type)),
                    .unit = std::string(unit_of(family)),
                    .labels = labels_of(family),
                    .lasting = family.lasting,
                    .source = family.source,
                    .meaning = meaning_of(family)});
  }
  for (const prometheus::MetricFamily& family : each_self_family()) {
    const auto type =
        family.type == prometheus::MetricType::Counter ? exposition::Type::Counter : exposition::Type::Gauge;
    MetricEntry entry{.name = family.name,
                      .type = std::string(name_of(type)),
                      .unit = std::string(exposition::unit_of(family.name, type)),
                      .meaning = family.help};
    for (const auto& label : family.metric.front().label) entry.labels.push_back(label.name);
    list.push_back(std::move(entry));
  }
  return list;
}

std::string as_text(const std::vector<MetricEntry>& list) {
  size_t widest = 0;
  for (const MetricEntry& entry : list) widest = std::max(widest, entry.name.size());
  std::string out = fmt::format("{:<{}}  {:<8} {:<8} {}\n", "NAME", widest, "TYPE", "UNIT", "MEANING {LABELS}");
  for (const MetricEntry& entry : list) {
    out += fmt::format("{:<{}}  {:<8} {:<8} {} {{{}}}\n", entry.name, widest, entry.type, entry.unit, entry.meaning,
                       fmt::join(entry.labels, ", "));
  }
  return out;
}

}  // namespace benchd::daemon
