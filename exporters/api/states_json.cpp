#include "exporters/api/states_json.h"

#include "exporters/api/json.h"

namespace benchd::api {

std::string states_json(const model::Snapshot& snapshot) {
  Json json = head_of(snapshot);
  Json& collectors = json["collectors"] = Json::array();
  for (const model::CollectorStatus& it : snapshot.collectors)
    collectors.push_back({{"collector", it.collector}, {"success", it.success}});
  Json& states = json["states"] = Json::array();
  for (const model::State& it : snapshot.states) {
    states.push_back({{"subject", base::to_utf8(it.subject)},
                      {"found", base::to_utf8(it.found)},
                      {"cost", base::to_utf8(it.cost)},
                      {"cure", base::to_utf8(it.cure)}});
  }
  return ascii(json);
}

std::string rules_json(const model::Snapshot& snapshot, std::span<const model::RuleUse> rules) {
  Json json = head_of(snapshot);
  Json& all = json["rules"] = Json::array();
  for (const model::RuleUse& it : rules) {
    all.push_back({{"rule", base::to_utf8(it.rule)},
                   {"origin", base::to_utf8(it.origin)},
                   {"logs", it.logs},
                   {"logs_ever", it.logs_ever},
                   {"lines", it.lines}});
  }
  return ascii(json);
}

}  // namespace benchd::api
