#include "exporters/prometheus/open_metrics.h"

#include "exporters/prometheus/label_text.h"

namespace benchd::exposition {
namespace {

constexpr std::string_view kTotal = "_total";

}  // namespace

void append_open_metrics_header(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
  if (type == "counter") name.remove_suffix(kTotal.size());
  out.append("# HELP ").append(name).append(" ");
  append_label_value(out, help);  // the same three escapes
  out.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
}

std::string open_metrics_header(const Family& family) {
  std::string out;
  append_open_metrics_header(out, family.name, family.type == Type::Unknown ? "unknown" : name_of(family.type),
                             family.help);
  if (const std::string_view unit = unit_of(family); !unit.empty()) {
    std::string_view name = family.name;
    if (family.type == Type::Counter) name.remove_suffix(kTotal.size());
    out.append("# UNIT ").append(name).append(" ").append(unit).append("\n");
  }
  return out;
}

}  // namespace benchd::exposition
