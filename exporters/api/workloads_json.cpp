#include "exporters/api/workloads_json.h"

#include "exporters/api/json.h"

namespace benchd::api {
namespace {

Json workload_json(const model::WorkloadSnapshot& it) {
  Json json = {{"workload", base::to_utf8(it.workload->name)}};
  put(json, "experiment", it.workload->experiment);
  put(json, "variant", it.workload->variant);
  json["runs"] = it.totals.runs;
  json["failures"] = it.totals.failures;
  json["cpu_usec"] = it.totals.cpu_usec;
  if (it.has_threads) {
    json["threads"] = {{"on_cpu_ns", it.totals.on_cpu_ns},
                       {"runnable_ns", it.totals.runnable_ns},
                       {"blocked_ns", it.totals.blocked_ns}};
  }
  if (it.has_io) {
    json["io"] = {{"read_bytes", it.totals.io_read_bytes}, {"written_bytes", it.totals.io_written_bytes}};
  }
  json["unobserved_ns"] = it.totals.unobserved_ns;
  return json;
}

}  // namespace

std::string workloads_json(const model::Snapshot& snapshot) {
  Json json = head_of(snapshot);
  Json& workloads = json["workloads"] = Json::array();
  for (const model::WorkloadSnapshot& it : snapshot.workloads) workloads.push_back(workload_json(it));
  return json.dump();
}

}  // namespace benchd::api
