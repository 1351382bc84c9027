#include <iostream>

#include <nlohmann/json.hpp>

#include "daemon/commands/commands.h"
#include "daemon/commands/format_flag.h"
#include "daemon/metric_list.h"
#include "daemon/self_metrics.h"
#include "exporters/prometheus/catalogue.h"

namespace benchd::daemon {
namespace {

std::string as_json(const std::vector<MetricEntry>& list) {
  auto families = nlohmann::json::array();
  for (const MetricEntry& entry : list) {
    families.push_back({{"name", entry.name},
                        {"type", entry.type},
                        {"unit", entry.unit},
                        {"labels", entry.labels},
                        {"lasting", entry.lasting},
                        {"source", entry.source},
                        {"meaning", entry.meaning}});
  }
  return nlohmann::json{{"families", families}}.dump(2) + '\n';
}

}  // namespace

void add_metrics(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("metrics", "Print the catalogue of all metrics (docs/metrics.md)");
  const auto format = add_format(*command, {"md", "text", "json"});
  command->footer("Examples:\n  benchd metrics > docs/metrics.md\n  benchd metrics --format=text | grep pressure");
  command->callback([format, &exit_code] {
    if (*format == "md")
      std::cout << exposition::catalogue_document() << self_document();
    else
      std::cout << (*format == "json" ? as_json(metric_list()) : as_text(metric_list()));
    exit_code = kExitOk;
  });
}

}  // namespace benchd::daemon
