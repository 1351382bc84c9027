#include "exporters/api/states_json.h"

#include <algorithm>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace benchd::api {
namespace {

using nlohmann::json;

TEST(StatesJson, HasWhatIsFoundAndWhatItCosts) {
  model::Snapshot snapshot;
  snapshot.collectors = {{.collector = "tasks", .success = false}};
  snapshot.states = {{.subject = "log of container web", .found = "no right", .cost = "no tasks", .cure = ""}};
  const json answer = json::parse(states_json(snapshot));
  EXPECT_EQ(answer["collectors"], json::parse(R"([{"collector": "tasks", "success": false}])"));
  EXPECT_EQ(answer["states"], json::parse(R"([{"subject": "log of container web", "found": "no right",
                                              "cost": "no tasks", "cure": ""}])"));
}

TEST(StatesJson, ANameThatAContainerChoseReachesNoTerminal) {
  model::Snapshot snapshot;
  snapshot.states = {{.subject = "log of container \x1b[2J\xff\xc2\x9b", .found = "", .cost = "", .cure = ""}};
  const std::string text = states_json(snapshot);
  EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7f; })) << text;
}

TEST(RulesJson, HasEachRuleWithWhatCameOfIt) {
  const std::vector<model::RuleUse> rules = {
      {.rule = "render", .origin = "benchd.yml:3", .logs = 1, .logs_ever = 2, .lines = 18446744073709551615U}};
  EXPECT_EQ(json::parse(rules_json({}, rules))["rules"],
            json::parse(R"([{"rule": "render", "origin": "benchd.yml:3", "logs": 1, "logs_ever": 2,
                             "lines": 18446744073709551615}])"));
}

}  // namespace
}  // namespace benchd::api
