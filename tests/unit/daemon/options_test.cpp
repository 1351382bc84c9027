#include "daemon/options.h"

#include <iterator>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/config_file.h"

namespace benchd::daemon {
namespace {

using testing::HasSubstr;

/// The error of a file, or of applying it; empty if it is good.
std::string error_of(const std::string& yaml, Options* options = nullptr) {
  Options own;
  const auto config = parse_config(yaml, "benchd.yml");
  if (!config.ok()) return config.error().message();
  const auto applied = apply_config(*config, options ? *options : own);
  return applied.ok() ? "" : applied.error().message();
}

TEST(ConfigFile, HasTheFlagsNamesNestedAtTheDots) {
  Options options;
  EXPECT_EQ(error_of("web:\n  listen-address: ':9'\nlog: {level: debug}\ninterval: 50ms\n"
                     "collector.cgroup.include: ['/a/*', /b]\ncollector: {host: false}\n",
                     &options),
            "");
  EXPECT_EQ(options.web_listen_address, ":9");
  EXPECT_EQ(options.log_level, "debug");
  EXPECT_EQ(options.interval, 50 * base::kMillisecond);
  EXPECT_EQ(options.cgroup_include, (std::vector<std::string>{"/a/*", "/b"}));
  EXPECT_FALSE(options.collector_host);
}

TEST(ConfigFile, MayBeEmpty) {
  Options options;
  EXPECT_EQ(error_of("", &options), "");
  EXPECT_EQ(error_of("# only a comment\n", &options), "");
  EXPECT_EQ(options, Options{});
}

TEST(ConfigFile, NamesFileLineKeyFoundAndAllowed) {
  EXPECT_EQ(error_of("log:\n  level: loud\n"),
            "benchd.yml:2: log.level: found \"loud\", allowed is one of debug, info, warn, error");
  EXPECT_EQ(error_of("interval: 1\n"),
            "benchd.yml:1: interval: found \"1\", allowed is a whole number with a unit: 50ms, 1s, 5m, 1h");
  EXPECT_EQ(error_of("interval: 1ms\n"), "benchd.yml:1: interval: found \"1ms\", allowed is 50ms to 60s");
  EXPECT_EQ(error_of("\ninterval: [1s, 2s]\n"), "benchd.yml:2: interval: found \"1s\", \"2s\", allowed is one value");
  EXPECT_EQ(error_of("interval:\n"), "benchd.yml:1: interval: found nothing, allowed is one value");
  EXPECT_EQ(error_of("collector: {host: yes}\n"),
            "benchd.yml:1: collector.host: found \"yes\", allowed is true or false");
}

TEST(ConfigFile, HasTheTasksBesideTheSettings) {
  const auto config = parse_config(
      "interval: 2s\ntasks:\n  - {name: a, match: 'task {id} done', example: task 7 done}\n  - use: nginx\n",
      "benchd.yml");
  ASSERT_TRUE(config.ok()) << config.error().message();
  Options options;
  ASSERT_TRUE(apply_config(*config, options).ok());
  EXPECT_EQ(options.interval, 2 * base::kSecond);
  ASSERT_EQ(options.tasks.size(), 2U);
  EXPECT_EQ(options.tasks[0].name, "a");
  EXPECT_EQ(options.tasks[1].name, "nginx");
}

TEST(ConfigFile, RefusesRulesThatAreBadOrDoNotMatchTheirExamples) {
  EXPECT_THAT(error_of("tasks:\n  - name: a\n    mach: x\n"), HasSubstr("benchd.yml:3: mach: found an unknown key"));
  EXPECT_THAT(error_of("interval: 2s\ntasks:\n  - name: a\n    match: 'a {id}'\n    example: b 7\n"),
              HasSubstr("benchd.yml:3: example: \"b 7\" is not matched"));
}

TEST(ConfigFile, RefusesUnknownKeys) {
  EXPECT_THAT(error_of("web:\n  lisen-address: ':9'\n"), HasSubstr("benchd.yml:2: web.lisen-address: unknown key"));
}

TEST(ConfigFile, RefusesWhatIsNoMap) {
  EXPECT_THAT(error_of("- a\n"), HasSubstr("benchd.yml:1: expected keys and values"));
  EXPECT_THAT(error_of("a: [\n"), HasSubstr("not YAML"));
  EXPECT_THAT(error_of("interval: 1s\ninterval: 2s\n"), HasSubstr("benchd.yml:2: interval: given twice"));
  EXPECT_THAT(error_of("runtimes: {labels: [{a: b}]}\n"), HasSubstr("expected a plain value in the list"));
}

TEST(ConfigFile, RefusesOneKeyGivenBothNestedAndDotted) {
  EXPECT_THAT(error_of("web: {max-connections: 3}\nweb.max-connections: 4\n"),
              HasSubstr("benchd.yml:2: web.max-connections: given twice"));
}

TEST(ConfigFile, RefusesASecondDocumentInsteadOfPassingItOver) {
  EXPECT_THAT(error_of("interval: 2s\n---\ninterval: 3s\n"), HasSubstr("one YAML document"));
}

TEST(ConfigFile, EndsWhereAliasesDoNot) {
  EXPECT_THAT(error_of("a: &a {b: *a}\n"), HasSubstr("nested deeper"));
  std::string doubling = "a0: &a0 {x: 1}\n";
  for (int i = 1; i < 15; ++i) {
    const std::string below = std::to_string(i - 1);
    doubling += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " {p: *a" + below + ", q: *a" + below + "}\n";
  }
  EXPECT_THAT(error_of(doubling), HasSubstr("more keys than there can be"));
}

TEST(OptionSpecs, SayTheDefaultThatIsTheDefault) {
  for (const OptionSpec& spec : option_specs()) {
    std::istringstream words{std::string(spec.initial)};
    const std::vector<std::string> values{std::istream_iterator<std::string>(words), {}};
    if (values.empty()) continue;
    Options options;
    EXPECT_TRUE(spec.set(options, values).ok()) << spec.name;
    EXPECT_EQ(options, Options{}) << spec.name;
  }
}

TEST(Apply, LeavesOptionsAsTheyWereWhereAValueIsWrong) {
  Options options;
  EXPECT_NE(error_of("interval: 99h\n", &options), "");
  EXPECT_EQ(options, Options{});
}

TEST(ParseDuration, NeedsAUnitAndDoesNotOverflow) {
  EXPECT_EQ(*parse_duration("5m"), 300 * base::kSecond);
  EXPECT_EQ(*parse_duration("1h"), 3600 * base::kSecond);
  for (const char* text : {"", "1", "s", "-1s", "1.5s", "1 s", "1d", "9999999999h"}) {
    EXPECT_FALSE(parse_duration(text).ok()) << text;
  }
}

}  // namespace
}  // namespace benchd::daemon
