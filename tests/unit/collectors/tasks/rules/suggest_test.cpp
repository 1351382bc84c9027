#include "collectors/tasks/rules/suggest.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace benchd::rules {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> suggested(const std::vector<std::string>& lines) {
  Suggester suggester;
  for (const std::string& line : lines) suggester.take(line);
  std::vector<std::string> rules;
  for (const Suggestion& it : suggester.suggestions()) rules.push_back(it.yaml);
  return rules;
}

std::string item(const std::string& body) {
  return "- name: task\n  " + body;
}

TEST(Suggest, ATemplateForLinesThatRecur) {
  EXPECT_THAT(suggested({"2025-01-01 12:00:00,123 INFO app.tasks: task 4711 done in 123.4 ms",
                         "2025-01-01 12:00:00,124 DEBUG app.http: GET /items/17 from 10.0.0.1",
                         "2025-01-01 12:00:01,123 INFO app.tasks: task 4712 done in 99.0 ms",
                         "2025-01-01 12:00:00,124 DEBUG app.http: GET /items/18 from 10.0.0.2"}),
              ElementsAre(item("match: 'task {id} done in {duration:ms} ms'")));
}

TEST(Suggest, UnitsThatStickToTheNumberMayChange) {
  EXPECT_THAT(suggested({"12:00 job a-7 finished after 950\u00B5s", "12:01 job a-8 finished after 1.2s"}),
              ElementsAre(item("match: 'job {id} finished after {duration:auto}'")));
}

TEST(Suggest, CountsOfTasks) {
  EXPECT_THAT(suggested({"INFO processed 500 tasks in 2.5 s", "INFO processed 498 tasks in 2.4 s"}),
              ElementsAre(item("match: 'processed {count} tasks in {duration:s} s'")));
}

TEST(Suggest, JsonAndLogfmt) {
  EXPECT_THAT(suggested({R"({"time":"2025-01-01T00:00:00Z","msg":"task done","elapsed_ms":12.5,"id":7})",
                         R"({"time":"2025-01-01T00:00:01Z","msg":"task done","elapsed_ms":13.5,"id":8})"}),
              ElementsAre(item("json: {duration: 'elapsed_ms:ms', where: {'msg': 'task done'}}")));
  EXPECT_THAT(suggested({"level=info msg=finished duration=1.5s id=7", "level=info msg=finished duration=900ms id=8"}),
              ElementsAre(item("logfmt: {duration: 'duration', where: {'msg': 'finished'}}")));
}

TEST(Suggest, ADurationBesideACountIsOfAllOfThemAndAMeanOfEach) {
  EXPECT_THAT(suggested({"batch 1: 114 records, avg 2.48 us/record, total 0.778 s",
                         "batch 2: 139 records, avg 2.37 us/record, total 1.624 s"}),
              ElementsAre(item("match: 'batch {id}: {count} records, avg {} {}, total {duration:s} s'")));
  EXPECT_THAT(suggested({"handled 12 requests, mean 3.5 ms, max 9 ms", "handled 15 requests, mean 2.5 ms, max 8 ms"}),
              ElementsAre(item("match: 'handled {count} requests, mean {mean:ms} ms'")));
  EXPECT_THAT(suggested({"12 rows at 3.5 ms each", "15 rows at 2.5 ms each"}),
              ElementsAre(item("match: '{count} rows at {mean:ms} ms each'")));
}

TEST(Suggest, NoDurationIsMadeOfATimeOrAFigureOfMany) {
  EXPECT_THAT(suggested({R"(Started GET "/a/1" for 10.0.0.1 at 2024-03-01 10:00:00 +0000)",
                         R"(Started GET "/a/2" for 10.0.0.1 at 2024-03-01 10:00:01 +0000)", "latency p99 5.1 ms",
                         "latency p99 5.2 ms", "backup scheduled at 10:00:00", "backup scheduled at 10:00:05"}),
              IsEmpty());
}

TEST(Suggest, WhatFollowsTheEndAndAllFieldsIsLeftOut) {
  EXPECT_THAT(
      suggested({"I, [2024-03-01T10:00:00.123456 #42]  INFO -- : [a1] Completed 200 OK in 73ms (Views: 25.4ms)",
                 "I, [2024-03-01T10:00:01.123456 #42]  INFO -- : [a2] Completed 200 OK in 1.2s (Allocations: 9)"}),
      ElementsAre(item("match: 'Completed {} OK in {duration:auto}'")));
  EXPECT_THAT(suggested({"2024-03-01 10:00:00.123 UTC [42] LOG:  duration: 10.997 ms  statement: SELECT 1",
                         "2024-03-01 10:00:00.123 UTC [42] LOG:  duration: 0.4 ms  statement: UPDATE t SET a = 2"}),
              ElementsAre(item("match: 'LOG:  duration: {duration:ms} ms'")));
}

TEST(Suggest, WhereNothingButNumbersFollowsTheHeadIsPartOfTheRule) {
  EXPECT_THAT(suggested({R"([GIN] 2024/03/01 - 10:00:00 | 200 |   105.780µs |  127.0.0.1 | GET      "/ping/0")",
                         R"([GIN] 2024/03/01 - 10:00:01 | 200 |     1.780ms |  127.0.0.1 | POST     "/ping/1")"}),
              ElementsAre(item("match: '[GIN] {} | {} | {duration:auto}'")));
}

TEST(Suggest, PresetsThatKnowTheFormat) {
  EXPECT_THAT(suggested({R"(1.2.3.4 - - [08/Nov/2010:14:16:18 -0600] "GET /a HTTP/1.1" 200 6569 "-" "curl/8" 0.640)",
                         R"(1.2.3.4 - - [08/Nov/2010:14:16:18 -0600] "GET /b HTTP/1.1" 200 6569 "-" "Wget" 0.641)"}),
              ElementsAre("- use: nginx"));
  EXPECT_THAT(suggested({"[2024-01-01 10:00:00,059: INFO/ForkPoolWorker-2] Task app.add[caf1-1] succeeded in 0.2s: 8",
                         "[2024-01-01 10:00:00,060: INFO/ForkPoolWorker-2] Task app.add[caf1-2] succeeded in 0.1s: 9"}),
              ElementsAre("- use: celery"));
}

TEST(Suggest, ADurationThatThePresetDoesNotKnowComesFirst) {
  EXPECT_THAT(
      suggested(
          {R"(10.0.0.1 - - [01/Mar/2024:10:00:00 +0000] "GET /0 HTTP/1.1" 200 12 "-" "-" 0 "a@d" "http://b" 43ms)",
           R"(10.0.0.1 - - [01/Mar/2024:10:00:01 +0000] "PUT /1 HTTP/1.1" 503 12 "-" "-" 1 "c@d" "http://d" 8ms)"}),
      ElementsAre(item(R"(match: 'HTTP/{}" {outcome} {} "{}" "{}" {} "{}" "{}" {duration:auto}')"
                       "\n  outcome: {\"[123]*\": ok, \"4*\": client_error, \"5*\": error}"),
                  "- use: nginx"));
}

TEST(Suggest, WhatNoUnitSaysIsGuessedAndNoted) {
  const auto noted = [](const std::vector<std::string>& lines) {
    Suggester suggester;
    for (const std::string& line : lines) suggester.take(line);
    const auto all = suggester.suggestions();
    return all.empty() ? "" : all[0].yaml + " # " + all[0].note;
  };
  EXPECT_EQ(noted({R"({"level":"info","ts":1709287200.5,"msg":"handled","latency":0.880895,"status":200})",
                   R"({"level":"info","ts":1709287201.5,"msg":"handled","latency":12,"status":500})",
                   R"({"level":"info","ts":1709287201.5,"msg":"handled","latency":0.1,"status":200})"}),
            item("json: {duration: 'latency:s', outcome: 'status', where: {'msg': 'handled'}}\n"
                 "  outcome: {\"[123]*\": ok, \"4*\": client_error, \"5*\": error}"
                 " # no unit is in the log: s is a guess"));
  EXPECT_EQ(noted({R"({"time":"2024-03-01T10:00:00Z","msg":"sent","took":1048576})",
                   R"({"time":"2024-03-01T10:00:00Z","msg":"sent","took":3048576})"}),
            item("json: {duration: 'took:ns', where: {'msg': 'sent'}} # no unit is in the log: ns is a guess"));
  EXPECT_EQ(noted({"2024-03-01T10:00:00.223Z job a1 elapsed: 503 rows read",
                   "2024-03-01T10:00:00.223Z job a2 elapsed: 17 rows read"}),
            item("match: 'job {id} elapsed: {duration:ms}' # no unit is in the log: ms is a guess"));
}

TEST(Suggest, OutcomesByTheirKeys) {
  EXPECT_THAT(suggested({"10:00:00.123 [pool-1] DEBUG Worker - finished job=0 status=OK took=79ms",
                         "10:00:01.123 [pool-2] DEBUG Worker - finished job=1 status=FAILED took=9ms"}),
              ElementsAre(item("logfmt: {duration: 'took', outcome: 'status'}")));
}

TEST(Suggest, EndsWithoutDurations) {
  EXPECT_THAT(suggested({R"({"ts":1,"event":"job finished","id":7})", R"({"ts":2,"event":"job finished","id":8})"}),
              ElementsAre(item("json: {where: {'event': 'job finished'}}")));
  EXPECT_THAT(suggested({"10:00:01 default: Job OK (3f2b0001-aa)", "10:00:02 default: Job OK (3f2b0002-aa)"}),
              ElementsAre(item("match: 'Job OK'")));
}

TEST(Suggest, SaysWhatItsRuleReallyMatches) {
  Suggester suggester;
  for (int i = 0; i < 10; ++i) suggester.take("task " + std::to_string(i) + " done in 5 ms");
  suggester.take("\x1B[31mtask x done in 7 ms");
  const auto suggestions = suggester.suggestions();
  ASSERT_EQ(suggestions.size(), 1U);
  EXPECT_EQ(suggestions[0].lines, 11U);
  EXPECT_THAT(suggestions[0].examples,
              ElementsAre("task 0 done in 5 ms", "task 1 done in 5 ms", "task 2 done in 5 ms"));
}

TEST(Suggest, NothingWhereNothingLooksLikeATask) {
  EXPECT_THAT(suggested({}), IsEmpty());
  EXPECT_THAT(suggested({"hello 1", "hello 2", "\xFF\xFE{", "{\"a\":", std::string(10'000, '{')}), IsEmpty());
}

}  // namespace
}  // namespace benchd::rules
