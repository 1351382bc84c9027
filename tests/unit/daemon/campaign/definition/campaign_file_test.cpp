#include "daemon/campaign/definition/campaign_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/comparison/cells.h"
#include "daemon/campaign/definition/plan.h"

namespace benchd::campaign {
namespace {

using testing::ElementsAre;
using Words = std::vector<std::string>;

constexpr const char* kWhole = R"(experiment: python-builds
measure: task_time
threshold: 3%
runs: {precision: 1%, max: 50}
warmup: 2
control: true
baseline: pyenv
exclude: {foreign: 20%}
services:
  db: {image: "postgres:15", env: {POSTGRES_PASSWORD: x}, ready: pg_isready -q, cpus: "6-7"}
  cache: {local: true, command: redis-server, ready: {command: redis-cli ping, timeout: 5s}}
defaults:
  command: [python, "{flags}", benchmark.py, --tasks, "500"]
  env: {PYTHONUNBUFFERED: "1", PYTHONHASHSEED: random}
  volumes: ["./data:/data:ro", "cache:/cache"]
  cpus: "2-5"
  mems: "0,1"
  memory: 2GiB
  cpu_limit: 1.5
  until: {tasks: 500}
  timeout: 120s
  prepare: echo {flags} > f
  check: {tasks: 500, exit: 3}
variants:
  official: {image: "python:3.12", env: {PYTHONHASHSEED: "0"}}
  pyenv: {build: images/pyenv, args: {OPTS: "--lto"}}
  host: {local: true, command: "/usr/bin/python3 'my file.py' {flags}", timeout: 1s}
matrix: {flags: ["", "-O"]}
tasks: [{use: local-pro, name: job, match: "job {id} in {duration:ms}"}]
)";

/// kWhole without what its preset would need.
std::string whole() {
  std::string text = kWhole;
  text.replace(text.find("use: local-pro, "), 16, "");
  return text;
}

Definition parsed(const std::string& text) {
  auto definition = parse_campaign(text, "c.yml", "/srv");
  EXPECT_TRUE(definition.ok()) << definition.error().message();
  return definition.ok() ? *std::move(definition) : Definition();
}

TEST(CampaignFile, EverythingThatAFileMaySay) {
  const Definition it = parsed(whole());
  EXPECT_EQ(it.experiment.name, "python-builds");
  EXPECT_EQ(it.experiment.measure, model::Measure::TaskTime);
  EXPECT_EQ(it.experiment.threshold, 0.03);
  EXPECT_EQ(it.runs, 50U);
  EXPECT_EQ(it.precision, 0.01);
  EXPECT_EQ(it.warm_up, 2U);
  EXPECT_TRUE(it.experiment.control);
  EXPECT_EQ(it.exclusion, (ExclusionRule{.foreign_cpu = 0.2}));
  ASSERT_THAT(it.experiment.variants, ElementsAre("official", "pyenv", "host", "official -O", "pyenv -O", "host -O"));
  EXPECT_THAT(it.cells, ElementsAre(model::Cell{"", {0, 1, 2}, 1}, model::Cell{"-O", {3, 4, 5}, 4}));

  const Variant& official = it.variants[0];
  EXPECT_EQ(official.kind, Variant::Kind::Image);
  EXPECT_EQ(official.image, "python:3.12");
  EXPECT_EQ(official.command, (Words{"python", "benchmark.py", "--tasks", "500"})) << "an empty value drops the word";
  EXPECT_EQ(it.variants[3].command, (Words{"python", "-O", "benchmark.py", "--tasks", "500"}));
  EXPECT_EQ(official.environment,
            (std::map<std::string, std::string>{{"PYTHONUNBUFFERED", "1"}, {"PYTHONHASHSEED", "0"}}));
  EXPECT_EQ(official.volumes, (Words{"/srv/data:/data:ro", "cache:/cache"}));
  EXPECT_EQ(official.cpus, "2-5");
  EXPECT_EQ(official.mems, "0-1");
  EXPECT_EQ(official.memory_bytes, 2'147'483'648U);
  EXPECT_EQ(official.cpu_limit, 1.5);
  EXPECT_EQ(official.until, (Until{.tasks = 500}));
  EXPECT_EQ(official.timeout_ns, 120'000'000'000);
  EXPECT_EQ(official.check, (Check{.exit_code = 3, .tasks = 500}));
  EXPECT_EQ(it.variants[3].prepare, "echo -O > f");
  EXPECT_EQ(it.variants[1].image, "/srv/images/pyenv");
  EXPECT_EQ(it.variants[1].build_arguments.at("OPTS"), "--lto");
  EXPECT_EQ(it.variants[2].kind, Variant::Kind::Local);
  EXPECT_EQ(it.variants[2].command, (Words{"/usr/bin/python3", "my file.py"}));
  EXPECT_EQ(it.variants[5].command, (Words{"/usr/bin/python3", "my file.py", "-O"}));
  EXPECT_EQ(it.variants[2].timeout_ns, 1'000'000'000);
  EXPECT_TRUE(it.variants[2].volumes.empty()) << "of containers only";
  ASSERT_EQ(it.services.size(), 2U);
  EXPECT_EQ(it.services[0].ready, (Ready{.command = {"pg_isready", "-q"}}));
  EXPECT_EQ(it.services[0].variant.cpus, "6-7");
  EXPECT_FALSE(it.services[0].variant.memory_bytes) << "defaults are the variants' alone";
  EXPECT_EQ(it.services[1].variant.kind, Variant::Kind::Local);
  EXPECT_EQ(it.services[1].ready, (Ready{.command = {"redis-cli", "ping"}, .timeout_ns = 5'000'000'000}));
}

TEST(CampaignFile, EachCellIsAnExperimentAndTogetherTheyKeepTheConfidence) {
  const Definition it = parsed(whole());
  const auto experiments = analysis::experiments_of(it.experiment, it.cells);
  ASSERT_EQ(experiments.size(), 2U);
  EXPECT_EQ(experiments[1].name, "python-builds -O");
  EXPECT_EQ(experiments[1].baseline, 1U);
  EXPECT_DOUBLE_EQ(experiments[1].confidence, 0.975);
  EXPECT_THAT(experiments[1].variants, ElementsAre("official -O", "pyenv -O", "host -O"));
  EXPECT_THAT(
      canonical_json(it),
      testing::HasSubstr(R"({"name":"-O","baseline":"pyenv -O","variants":["official -O","pyenv -O","host -O"]})"));
  size_t controls = 0;
  for (const Start& start : make_plan(it, 1)) controls += start.block == 0U && start.control;
  EXPECT_EQ(controls, 2U) << "one for each cell";
}

TEST(CampaignFile, TheSameExperimentHasTheSameHashHoweverItIsWritten) {
  const std::string one =
      "experiment: x\nvariants: {a: {local: true, command: 'true 1'}, b: {local: true, command: [b]}}";
  const std::string same =
      "# said\nvariants:\n  a:\n    command: ['true', '1']\n    local: yes\n  b: {command: [b], local: "
      "true}\nexperiment: x\n";
  EXPECT_EQ(canonical_json(parsed(one)), canonical_json(parsed(same)));
}

TEST(CampaignFile, TheTemplatePassesItself) {
  const Definition it = parsed(campaign_template());
  EXPECT_EQ(it.variants.size(), 4U);
  EXPECT_EQ(it.variants[0].command.size(), 3U);
  EXPECT_EQ(it.variants[2].command.size(), 4U);
}

struct Bad {
  const char* text;
  const char* message;
};

class BadCampaignFile : public testing::TestWithParam<Bad> {};

TEST_P(BadCampaignFile, SaysWhereWhatAndWhatIsAllowed) {
  const auto definition = parse_campaign(GetParam().text, "c.yml", "");
  ASSERT_FALSE(definition.ok());
  EXPECT_THAT(definition.error().message(), testing::HasSubstr(GetParam().message));
}

#define TWO "variants: {a: {local: true, command: 'true'}, b: {local: true, command: 'true'}}\n"
INSTANTIATE_TEST_SUITE_P(
    All, BadCampaignFile,
    testing::Values(
        Bad{"", "c.yml: expected keys and values"}, Bad{"a: [", "c.yml:1: not YAML"},
        Bad{TWO, "c.yml:1: experiment: found nothing, allowed is a name"},
        Bad{"experiment: x\n", "c.yml:1: variants: found nothing"},
        Bad{"experiment: x\nvariants: {a: {local: true, command: b}}", "c.yml:2: variants: found 1 of them"},
        Bad{"experiment: x\nrun: 3\n" TWO, "c.yml:2: run: found an unknown key, allowed is experiment, measure"},
        Bad{"experiment: x\nruns: 1\n" TWO, "c.yml:2: runs: found \"1\", allowed is a whole number, 2 to 100000"},
        Bad{"experiment: x\nruns: {max: 9}\n" TWO, "runs: found no precision"},
        Bad{"experiment: x\nthreshold: 0%\n" TWO, "c.yml:2: threshold: found \"0%\", allowed is a share above 0%"},
        Bad{"experiment: x\nbaseline: c\n" TWO, "c.yml:2: baseline: found \"c\", allowed is one of a, b"},
        Bad{"experiment: x\nmeasure: speed\n" TWO, "c.yml:2: measure: found \"speed\", allowed is one of duration"},
        Bad{"experiment: x\nmeasure: task_time\n" TWO, "found \"task_time\" without tasks"},
        Bad{"experiment: x\nmeasure: task_time\ntasks: [{name: p, match: 'p {id}'}, {name: q, match: 'q {id}'}]\n" TWO,
            "measure: found \"task_time\" of 2 rules, allowed is {task_time: RULE}, one of p, q"},
        Bad{"experiment: x\ndefaults: {check: {tasks: 5}}\n" TWO, "c.yml:2: check.tasks: found it without tasks"},
        Bad{"experiment: x\ncontrol: maybe\n" TWO, "control: found \"maybe\", allowed is true or false"},
        Bad{"experiment: x\ndefaults: {image: y}\n" TWO, "defaults.image: found an unknown key"},
        Bad{"experiment: x\ndefaults: {cpus: two}\n" TWO, "defaults.cpus: found \"two\""},
        Bad{"experiment: x\ndefaults: {mems: near}\n" TWO, "defaults.mems: found \"near\""},
        Bad{"experiment: x\ndefaults: {memory: 2 cups}\n" TWO, "defaults.memory: found \"2 cups\""},
        Bad{"experiment: x\ndefaults: {timeout: soon}\n" TWO, "defaults.timeout: found \"soon\""},
        Bad{"experiment: x\ndefaults: {until: later}\n" TWO, "defaults.until: found \"later\", allowed is exit"},
        Bad{"experiment: x\nmatrix: {f: []}\n" TWO, "matrix.f: found an empty list"},
        Bad{"experiment: x\nmatrix: {f: [1, 1]}\n" TWO, "found \"a 1\" twice"},
        Bad{"experiment: x\nvariants: {a: {}, b: {}}", "variants.a: found 0 of image, build and local"},
        Bad{"experiment: x\nvariants: {a: {local: true, image: y}, b: {}}", "found 2 of image, build and local"},
        Bad{"experiment: x\nvariants: {a: {local: true}, b: {}}", "variants.a.command: found nothing"},
        Bad{"experiment: x\nvariants: {a: {local: true, command: \"it's\"}, b: {}}", "a quote is not closed"},
        Bad{"experiment: x\nvariants: {a: {local: true, command: b, volumes: []}, b: {}}", "it for a local command"},
        Bad{"experiment: x\nvariants: {a: {image: y, volumes: [data]}, b: {}}", "found \"data\", allowed is HOST:"},
        Bad{"experiment: x\nvariants: {a: {image: y, args: {}}, b: {}}", "args: found it without build"},
        Bad{"experiment: x\nexperiment: y\n" TWO, "found it twice"},
        Bad{"experiment: x\nservices: {db: {local: true}}\n" TWO, "c.yml:2: services.db.command: found nothing"},
        Bad{"experiment: x\nservices: {db: {image: y, until: exit}}\n" TWO, "services.db.until: found an unknown key"},
        Bad{"experiment: x\nservices: {DB: {image: y}}\n" TWO, "allowed is one of small letters, digits and dashes"},
        Bad{"experiment: x\nservices: {db: {image: y, ready: {timeout: 5s}}}\n" TWO,
            "c.yml:2: services.db.ready: found no command"},
        Bad{"experiment: x\nservices: {db: {local: true, command: y, volumes: []}}\n" TWO,
            "services.db.volumes: found it for a local command"},
        Bad{"experiment: x\ndefaults: {cpu_limit: 0}\n" TWO,
            "c.yml:2: defaults.cpu_limit: found \"0\", allowed is a number, 0.01 to 4096"},
        Bad{"experiment: x\ndefaults: {cpu_limit: .inf}\n" TWO, "found \".inf\", allowed is a number"},
        Bad{"experiment: x\ntasks: [{name: p, match: 'p {duration}', example: q}]\n" TWO, "c.yml:2"}));

}  // namespace
}  // namespace benchd::campaign
