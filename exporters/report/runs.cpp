#include "exporters/report/runs.h"

#include <functional>
#include <optional>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "exporters/report/data.h"
#include "model/run_fields.h"

namespace benchd::report {
namespace {

using Json = nlohmann::ordered_json;
using model::Campaign;
using model::RunRecord;
using model::RunTasks;

Json json_of(const std::string& text) {
  return base::to_utf8(text);
}
template <class Number>
requires std::is_arithmetic_v<Number> Json json_of(Number value) {
  return value;
}
Json json_of(const std::vector<std::string>& words) {
  Json list = Json::array();
  for (const std::string& word : words) list.push_back(json_of(word));
  return list;
}
Json json_of(const std::vector<std::pair<uint32_t, uint64_t>>& pairs) {
  Json list = Json::array();
  for (const auto& [key, value] : pairs) list.push_back(Json::array({key, value}));
  return list;
}
Json json_of(const model::ThreadTimes& threads) {
  return {{"on_cpu_ns", threads.on_cpu},
          {"runnable_ns", threads.runnable},
          {"blocked_ns", threads.blocked},
          {"blocked_on_disk_ns", threads.blocked_on_disk ? Json(*threads.blocked_on_disk) : Json(nullptr)},
          {"voluntary_switches", threads.voluntary_switches},
          {"involuntary_switches", threads.involuntary_switches},
          {"migrations", threads.migrations},
          {"alive", threads.alive}};
}
template <class T>
Json json_of(const std::optional<T>& value) {
  return value ? json_of(*value) : Json(nullptr);
}
Json json_of(const std::vector<RunTasks>& tasks) {
  Json list = Json::array();
  for (const RunTasks& it : tasks)
    list.push_back({{"task", json_of(it.key.task)},
                    {"outcome", json_of(it.key.outcome)},
                    {"tasks", it.tasks},
                    {"timed", it.timed},
                    {"duration_ns", it.duration_ns},
                    {"durations", json_of(it.durations)}});
  return list;
}

Json json_of(const std::vector<model::RunPoint>& course) {
  Json list = Json::array();
  for (const model::RunPoint& it : course)
    list.push_back(Json::array({it.at_usec, it.cpu_usec, json_of(it.memory_bytes)}));
  return list;
}

Json json_of(const std::vector<model::ServiceUse>& services) {
  Json list = Json::array();
  for (const model::ServiceUse& it : services)
    list.push_back(Json::array({json_of(it.service), json_of(it.cpu_usec), json_of(it.memory_peak_bytes)}));
  return list;
}

Json json_of(const RunRecord& run) {
  Json json = Json::object();
  model::for_each_field([&json](const char* name, const auto& value) { json[name] = json_of(value); }, run);
  return json;
}

Json json_of(const Campaign& campaign) {
  return {{"id", json_of(campaign.id)},
          {"experiment", json_of(campaign.experiment)},
          {"definition", json_of(campaign.definition)},
          {"hash", json_of(campaign.hash)},
          {"host", json_of(campaign.host)},
          {"seed", campaign.seed},
          {"planned_blocks", campaign.planned_blocks},
          {"started_at_ns", campaign.started_at},
          {"finished_at_ns", json_of(campaign.finished_at)},
          {"looks", campaign.looks}};
}

template <class T>
std::string cell_of(const T& value) {
  const Json json = json_of(value);
  if (json.is_null()) return "";
  return json.is_string() ? json.get<std::string>() : json.dump();
}

/// One family of the text file.
struct Gauge {
  const char* name;
  const char* help;
  std::function<std::optional<double>(const RunRecord&)> value;
};

std::optional<double> in_units(const std::optional<uint64_t>& value, double unit) {
  return value ? std::optional(static_cast<double>(*value) / unit) : std::nullopt;
}

const std::vector<Gauge>& gauges() {
  static const std::vector<Gauge> all = {
      {"started_time_seconds", "When the run began, as a Unix time.",
       [](const RunRecord& run) { return static_cast<double>(run.started_at) / 1e9; }},
      {"duration_seconds", "From its first process to its last one's end.",
       [](const RunRecord& run) { return static_cast<double>(run.duration_ns) / 1e9; }},
      {"failed", "Whether the run failed.", [](const RunRecord& run) { return run.failure.empty() ? 0.0 : 1.0; }},
      {"excluded", "Whether it is left out of comparisons, for a cause outside its variant.",
       [](const RunRecord& run) { return run.exclusion.empty() ? 0.0 : 1.0; }},
      {"cpu_seconds", "CPU time used.", [](const RunRecord& run) { return static_cast<double>(run.cpu_usec) / 1e6; }},
      {"cpu_user_seconds", "CPU time in user mode.",
       [](const RunRecord& run) { return static_cast<double>(run.cpu_user_usec) / 1e6; }},
      {"cpu_system_seconds", "CPU time in kernel mode.",
       [](const RunRecord& run) { return static_cast<double>(run.cpu_system_usec) / 1e6; }},
      {"cpu_frequency_hertz", "Mean frequency of its cpus while it lasted.",
       [](const RunRecord& run) { return run.cpu_frequency_hz; }},
      {"throttled_seconds", "Run-queue time per CPU lost to a quota.",
       [](const RunRecord& run) { return in_units(run.throttled_usec, 1e6); }},
      {"memory_peak_bytes", "The most memory used at once.",
       [](const RunRecord& run) { return in_units(run.memory_peak_bytes, 1); }},
      {"io_read_bytes", "Read from block devices.",
       [](const RunRecord& run) { return in_units(run.io_read_bytes, 1); }},
      {"io_written_bytes", "Written to block devices.",
       [](const RunRecord& run) { return in_units(run.io_written_bytes, 1); }},
      {"network_received_bytes", "Received by its own network namespace.",
       [](const RunRecord& run) { return in_units(run.network_received_bytes, 1); }},
      {"network_sent_bytes", "Sent from its own network namespace.",
       [](const RunRecord& run) { return in_units(run.network_sent_bytes, 1); }},
  };
  return all;
}

/// As the text format wants a label's value.
std::string label(const char* name, const std::string& value) {
  std::string text = std::string(name) + "=\"";
  for (const char c : base::to_utf8(value)) {
    if (c == '\n') {
      text += "\\n";
    } else {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
  }
  return text + '"';
}

std::string labels_of(const RunRecord& run) {
  return label("experiment", run.experiment) + ',' + label("variant", run.variant) + ',' +
         label("campaign", run.campaign) + ',' + label("run", run.id);
}

void add_head(std::string& text, const std::string& name, const char* help) {
  text += "# HELP benchd_run_" + name + ' ' + help + "\n# TYPE benchd_run_" + name + " gauge\n";
}

void add_sample(std::string& text, const std::string& name, const std::string& labels, double value) {
  text += "benchd_run_" + name + '{' + labels + "} " + Json(value).dump() + '\n';
}

}  // namespace

std::string run_json(const RunRecord& run) {
  return json_of(run).dump();
}

std::string campaign_json(const Campaign& campaign) {
  return json_of(campaign).dump();
}

std::string campaign_line(const Campaign& campaign) {
  return R"({"campaign":)" + campaign_json(campaign) + "}\n";
}

std::string run_line(const RunRecord& run) {
  return R"({"run":)" + run_json(run) + "}\n";
}

std::string run_csv_head() {
  std::string line;
  const RunRecord any;
  model::for_each_field([&line](const char* name, const auto&) { line.append(line.empty() ? "" : ",") += name; }, any);
  return line + '\n';
}

std::string run_csv(const RunRecord& run) {
  std::string line;
  const auto add = [&line](const char*, const auto& value) { line += csv_cell(cell_of(value)) + ','; };
  model::for_each_field(add, run);
  line.back() = '\n';
  return line;
}

std::string runs_textfile(const std::vector<RunRecord>& runs) {
  std::string text;
  for (const Gauge& gauge : gauges()) {
    add_head(text, gauge.name, gauge.help);
    for (const RunRecord& run : runs) {
      if (const auto value = gauge.value(run)) add_sample(text, gauge.name, labels_of(run), *value);
    }
  }
  const auto add_tasks = [&](const char* name, const char* help, const auto& value) {
    add_head(text, name, help);
    for (const RunRecord& run : runs) {
      for (const RunTasks& it : run.tasks)
        add_sample(text, name,
                   labels_of(run) + ',' + label("task", it.key.task) + ',' + label("outcome", it.key.outcome),
                   value(it));
    }
  };
  add_tasks("tasks", "Tasks done.", [](const RunTasks& it) { return static_cast<double>(it.tasks); });
  add_tasks("task_seconds", "Duration of the tasks whose duration is known, together.",
            [](const RunTasks& it) { return static_cast<double>(it.duration_ns) / 1e9; });
  return text;
}

}  // namespace benchd::report
