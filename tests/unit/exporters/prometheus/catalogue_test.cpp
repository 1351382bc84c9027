#include "exporters/prometheus/catalogue.h"

#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include <gmock/gmock.h>

#include "support/sample_snapshot.h"

namespace benchd::exposition {
namespace {

using model::Field;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

const Family& family(std::string_view name) {
  for (const Family& it : catalogue())
    if (it.name == name) return it;
  throw std::out_of_range(std::string(name));
}

/// The samples of a family by the values of their own labels, "sda,Read".
class Samples final : public SampleSink {
 public:
  void add(std::string_view suffix, Number value, std::span<const Label> labels) override {
    std::string key(suffix);
    for (const Label& label : labels) key.append(key.empty() ? "" : ",").append(label.value);
    EXPECT_TRUE(found.emplace(key, value.value()).second) << "twice: " << key;
  }
  using SampleSink::add;
  std::map<std::string, double> found;
};

using Found = std::map<std::string, double>;

/// One container on a host, for a family to look at.
struct OneContainer {
  model::Snapshot snapshot;
  OneContainer() {
    auto& it = snapshot.containers.emplace_back();
    it.container = std::make_shared<model::Container>(model::Container{.cgroup_id = 1, .path = "/a"});
  }
  model::ContainerSnapshot& container() { return snapshot.containers.front(); }
  void set(Field field, uint64_t value) { container().reading.values.set(field, value); }
  Found samples(std::string_view name) {
    Samples sink;
    collect(family(name), ContainerView{container(), snapshot}, sink);
    return sink.found;
  }
};

TEST(Catalogue, ShowsEveryFieldOfAContainerUnderSomeFamily) {
  std::set<Field> shown;
  for (const Family& it : catalogue()) shown.insert(it.fields.begin(), it.fields.end());
  for (const model::FieldSpec& it : model::kFields)
    EXPECT_TRUE(shown.contains(it.field)) << spec(it.file).name << " " << it.key;
}

TEST(Catalogue, MakesASampleOfEveryFieldItNames) {
  for (const Family& it : catalogue()) {
    for (const Field field : it.fields) {
      OneContainer one;
      for (const Field other : it.fields) one.set(other, 5);
      const Found with = one.samples(it.name);
      one.set(field, 7);
      if (it.name != "container_memory_working_set_bytes" || field == Field::MemoryCurrent) {
        EXPECT_NE(with, one.samples(it.name)) << it.name << " does not depend on " << spec(field).key;
      }
      one.container().reading.values.clear(field);
      EXPECT_LT(one.samples(it.name).size(), with.size()) << it.name << " shows a value without " << spec(field).key;
    }
  }
}

TEST(Catalogue, ShowsEveryFieldOfTheHostUnderSomeFamily) {
  std::set<model::HostField> shown;
  for (const Family& it : catalogue())
    if (const auto* fields = std::get_if<std::vector<HostFieldSample>>(&it.samples))
      for (const HostFieldSample& sample : *fields) shown.insert(sample.field);
  EXPECT_EQ(shown.size(), model::kHostFieldCount);
}

TEST(Catalogue, EveryFamilyHasSamplesOnAFullHost) {
  model::Snapshot snapshot = test::full_snapshot(1);
  snapshot.containers.push_back(snapshot.containers.front());
  snapshot.containers.back().ended = snapshot.taken;
  snapshot.containers.back().reading.threads_estimated = true;
  for (const Family& it : catalogue()) {
    size_t found = 0;
    for (const model::ContainerSnapshot& container : snapshot.containers) {
      Samples sink;
      collect(it, ContainerView{container, snapshot}, sink);
      found += sink.found.size();
    }
    for (const model::WorkloadSnapshot& workload : snapshot.workloads) {
      Samples sink;
      collect(it, WorkloadView{workload, snapshot}, sink);
      found += sink.found.size();
    }
    Samples sink;
    collect(it, HostView{snapshot, snapshot.taken, 0}, sink);
    EXPECT_GT(found + sink.found.size(), 0U) << it.name;
  }
}

TEST(Catalogue, NamesFollowTheRules) {
  const std::regex name("(container|machine|benchd)_[a-z0-9_]*[a-z0-9]");
  std::set<std::string> seen;
  for (const Family& it : catalogue()) {
    EXPECT_TRUE(std::regex_match(it.name, name)) << it.name;
    EXPECT_TRUE(seen.insert(it.name).second) << it.name << " twice";
    EXPECT_EQ(it.type == Type::Counter, it.name.ends_with("_total")) << it.name;
    if (it.subject != Subject::Container) continue;
    const bool is_of_log = std::holds_alternative<TaskSamples>(it.samples);
    EXPECT_TRUE(std::regex_search(it.name, std::regex(is_of_log ? "^benchd_(task|log)" : "^benchd_container_")))
        << it.name;
  }
}

TEST(Catalogue, HelpIsOnePlainLineThatNamesItsSource) {
  for (const Family& it : catalogue()) {
    EXPECT_EQ(it.help.find_first_of("\\\"\n"), std::string::npos) << it.name;
    EXPECT_FALSE(it.source.empty()) << it.name;
    EXPECT_TRUE(it.help.ends_with(" (" + it.source + ")")) << it.name;
  }
  EXPECT_THAT(family("container_cpu_cfs_throttled_seconds_total").help, HasSubstr("(cpu.stat throttled_usec)"));
  EXPECT_THAT(family("container_pressure_io_stalled_seconds_total").help, HasSubstr("(io.pressure full total)"));
  EXPECT_THAT(family("container_memory_working_set_bytes").help,
              HasSubstr("(memory.current, memory.stat inactive_file)"));
}

/// `benchd metrics` adds what the daemon counts of itself.
TEST(Catalogue, DocumentIsTheBeginningOfTheCommittedOne) {
  std::ifstream file(BENCHD_DOCS "/metrics.md");
  std::stringstream committed;
  committed << file.rdbuf();
  const std::string document = catalogue_document();
  EXPECT_EQ(committed.str().substr(0, document.size()), document) << "write `benchd metrics` to docs/metrics.md";
}

TEST(Catalogue, AWorkloadShowsZerosFromBirthOfWhatIsCollectedOnly) {
  const auto samples = [](const char* name, const model::WorkloadSnapshot& workload) {
    Samples sink;
    collect(family(name), WorkloadView{workload, {}}, sink);
    return sink.found;
  };
  model::WorkloadSnapshot born;
  EXPECT_THAT(samples("benchd_workload_runs_total", born), ElementsAre(Pair("", 0)));
  EXPECT_THAT(samples("benchd_workload_cpu_seconds_total", born), ElementsAre(Pair("", 0)));
  EXPECT_THAT(samples("benchd_workload_thread_seconds_total", born), IsEmpty());
  EXPECT_THAT(samples("benchd_workload_io_read_bytes_total", born), IsEmpty());
  born.has_threads = born.has_io = true;
  EXPECT_THAT(samples("benchd_workload_thread_seconds_total", born),
              ElementsAre(Pair("blocked", 0), Pair("on_cpu", 0), Pair("runnable", 0)));
  EXPECT_THAT(samples("benchd_workload_io_written_bytes_total", born), ElementsAre(Pair("", 0)));
}

TEST(Catalogue, CpuUsageIsZeroFromBirth) {
  OneContainer one;
  EXPECT_THAT(one.samples("container_cpu_usage_seconds_total"), IsEmpty());
  one.set(Field::CpuUsage, 0);
  EXPECT_THAT(one.samples("container_cpu_usage_seconds_total"), ElementsAre(Pair("total", 0)));
}

TEST(Catalogue, ThrottlingInheritedFromAParentIsShownWithoutAQuota) {
  OneContainer one;
  one.set(Field::CpuQuota, model::kUnlimited);
  one.set(Field::CpuThrottled, 2'500'000);
  EXPECT_THAT(one.samples("container_cpu_cfs_throttled_seconds_total"), ElementsAre(Pair("", 2.5)));
  EXPECT_THAT(one.samples("container_spec_cpu_quota"), IsEmpty());
}

TEST(Catalogue, WorkingSetNeverWrapsAround) {
  OneContainer one;
  one.set(Field::MemoryCurrent, 100);
  one.set(Field::MemoryInactiveFile, 30);
  EXPECT_THAT(one.samples("container_memory_working_set_bytes"), ElementsAre(Pair("", 70)));
  one.set(Field::MemoryInactiveFile, 130);
  EXPECT_THAT(one.samples("container_memory_working_set_bytes"), ElementsAre(Pair("", 0)));
}

TEST(Catalogue, PageFaultsHaveTheOneScopeThatTheKernelCounts) {
  OneContainer one;
  one.set(Field::MemoryPgfault, 5);
  one.set(Field::MemoryPgmajfault, 1);
  EXPECT_THAT(one.samples("container_memory_failures_total"),
              ElementsAre(Pair("pgfault,hierarchy", 5), Pair("pgmajfault,hierarchy", 1)));
}

TEST(Catalogue, UnlimitedZeroAndAbsentAreThreeThings) {
  OneContainer one;
  EXPECT_THAT(one.samples("container_spec_memory_limit_bytes"), IsEmpty());
  EXPECT_THAT(one.samples("benchd_container_memory_limit_bytes"), IsEmpty());
  one.set(Field::MemoryMax, model::kUnlimited);
  EXPECT_THAT(one.samples("container_spec_memory_limit_bytes"), ElementsAre(Pair("", 0)));
  EXPECT_THAT(one.samples("benchd_container_memory_limit_bytes"),
              ElementsAre(Pair("", std::numeric_limits<double>::infinity())));
  one.set(Field::MemoryMax, 0);
  EXPECT_THAT(one.samples("benchd_container_memory_limit_bytes"), ElementsAre(Pair("", 0)));
}

TEST(Catalogue, SwapLimitIsOfMemoryAndSwapTogether) {
  OneContainer one;
  one.set(Field::MemoryMax, 1000);
  EXPECT_THAT(one.samples("container_spec_memory_swap_limit_bytes"), IsEmpty());
  one.set(Field::SwapMax, 500);
  EXPECT_THAT(one.samples("container_spec_memory_swap_limit_bytes"), ElementsAre(Pair("", 1500)));
  one.set(Field::SwapMax, model::kUnlimited);
  EXPECT_THAT(one.samples("container_spec_memory_swap_limit_bytes"), ElementsAre(Pair("", 0)));
}

TEST(Catalogue, SharesAreThoseThatTheRuntimeTurnsIntoTheWeight) {
  const auto shares = [](uint64_t weight) {
    OneContainer one;
    one.set(Field::CpuWeight, weight);
    return one.samples("container_spec_cpu_shares").at("");
  };
  // runc's conversion (opencontainers/cgroups, ConvertCPUSharesToCgroupV2Value).
  const auto weight = [](double shares) {
    const double l = std::log2(shares);
    return static_cast<uint64_t>(std::ceil(std::pow(10, (l * l + 125 * l) / 612.0 - 7.0 / 34.0) - 1e-9));
  };
  EXPECT_EQ(shares(100), 1024);
  EXPECT_EQ(shares(1), 2);
  EXPECT_EQ(shares(10'000), 262'144);
  for (const uint64_t it : {2U, 39U, 59U, 200U, 1000U, 9999U}) EXPECT_EQ(weight(shares(it)), it) << it;
}

TEST(Catalogue, DevicesHaveTheHostsNamesElseNumbers) {
  OneContainer one;
  one.container().reading.io = {{{254, 0}, 10, 20, 30, 1, 2, 3}};
  EXPECT_THAT(one.samples("container_fs_reads_bytes_total"), ElementsAre(Pair("254:0", 10)));
  one.snapshot.host = test::full_snapshot(0).host;
  EXPECT_THAT(one.samples("container_fs_reads_bytes_total"), ElementsAre(Pair("/dev/vda", 10)));
  EXPECT_THAT(one.samples("container_blkio_device_usage_total"),
              ElementsAre(Pair("/dev/vda,254,0,Read", 10), Pair("/dev/vda,254,0,Write", 20)));
  EXPECT_THAT(one.samples("benchd_container_io_discarded_bytes_total"), ElementsAre(Pair("vda", 30)));
}

TEST(Catalogue, LastSeenIsTheLastReadingAsUnixTime) {
  OneContainer one;
  one.snapshot.wall_offset = 1'000'000 * base::kSecond;
  one.container().reading.at = 5 * base::kSecond + base::kSecond / 2;
  EXPECT_THAT(one.samples("container_last_seen"), ElementsAre(Pair("", 1'000'005.5)));
}

TEST(Catalogue, ARunningContainerHasNoExitCodeEvenIfTheEngineRemembersOne) {
  OneContainer one;
  auto metadata = std::make_shared<model::Metadata>();
  metadata->exit_code = 137;
  metadata->oom_killed = true;
  one.container().metadata = metadata;
  EXPECT_THAT(one.samples("benchd_container_exit_code"), IsEmpty());
  EXPECT_THAT(one.samples("benchd_container_oom_killed"), IsEmpty());
  one.container().ended = 1;
  EXPECT_THAT(one.samples("benchd_container_exit_code"), ElementsAre(Pair("", 137)));
  EXPECT_THAT(one.samples("benchd_container_oom_killed"), ElementsAre(Pair("", 1)));
}

TEST(Catalogue, TimePerCpuAndWhatIsOnNoneAddUpToTheUsage) {
  OneContainer one;
  one.container().reading.cpus = {{0, 1'500'000'000}, {3, 0}};
  one.container().reading.cpu_unattributed = 2'000'000'000;
  EXPECT_THAT(one.samples("benchd_container_cpu_seconds_total"),
              ElementsAre(Pair("0", 1.5), Pair("3", 0), Pair("unattributed", 2)));
  EXPECT_THAT(one.samples("benchd_container_cpu_seconds_estimated_total"), IsEmpty());
}

TEST(Catalogue, AnEstimateHasItsOwnFamilies) {
  OneContainer one;
  one.container().reading.cpus = {{1, 1'500'000'000}};
  one.container().reading.threads = {.on_cpu = 1'000'000'000, .runnable = 2'000'000'000, .blocked = 3'000'000'000};
  one.container().reading.threads_estimated = true;
  EXPECT_THAT(one.samples("benchd_container_cpu_seconds_total"), IsEmpty());
  EXPECT_THAT(one.samples("benchd_container_thread_seconds_total"), IsEmpty());
  EXPECT_THAT(one.samples("benchd_container_migrations_total"), IsEmpty());
  EXPECT_THAT(one.samples("benchd_container_cpu_seconds_estimated_total"), ElementsAre(Pair("1", 1.5)));
  EXPECT_THAT(one.samples("benchd_container_thread_seconds_estimated_total"),
              ElementsAre(Pair("blocked", 3), Pair("on_cpu", 1), Pair("runnable", 2)));
}

TEST(Catalogue, AboveTheCapThereIsNoTimePerCpuButHowUnevenItIs) {
  OneContainer one;
  one.container().reading.cpus = {{1, 1'500'000'000}};
  one.container().reading.cpu_spread = {.effective_cpus = 1, .imbalance = 4};
  one.snapshot.cpu_series_dropped = 30'000;
  EXPECT_THAT(one.samples("benchd_container_cpu_seconds_total"), IsEmpty());
  EXPECT_THAT(one.samples("benchd_container_effective_cpus"), ElementsAre(Pair("", 1)));
  EXPECT_THAT(one.samples("benchd_container_cpu_imbalance"), ElementsAre(Pair("", 4)));
}

TEST(Catalogue, AfterTheEndOnlyCountersPeaksAndFactsStay) {
  model::Snapshot snapshot = test::full_snapshot(1);
  snapshot.containers.front().ended = snapshot.taken;
  std::set<std::string> gauges;
  for (const Family& it : catalogue()) {
    Samples sink;
    collect(it, ContainerView{snapshot.containers.front(), snapshot}, sink);
    if (it.subject == Subject::Host || it.subject == Subject::Workload) continue;
    if (it.type == Type::Gauge && !sink.found.empty()) gauges.insert(it.name);
    if (it.type == Type::Counter && it.name.find("_estimated_") == std::string::npos) {
      EXPECT_FALSE(sink.found.empty()) << it.name;
    }
  }
  EXPECT_THAT(gauges,
              testing::UnorderedElementsAre(
                  "container_memory_max_usage_bytes", "container_start_time_seconds", "container_creation_time_seconds",
                  "benchd_container_swap_peak_bytes", "benchd_container_threads_peak", "benchd_container_info",
                  "benchd_container_created_timestamp_seconds", "benchd_container_started_timestamp_seconds",
                  "benchd_container_finished_timestamp_seconds", "benchd_container_exit_code",
                  "benchd_container_oom_killed", "benchd_log_lag_bytes", "benchd_log_lag_seconds"))
      << "a log is read to its end";
}

TEST(Catalogue, ADurationIsInEveryBucketThatIsAsLong) {
  OneContainer one;
  auto tasks = std::make_shared<model::ContainerTasks>();
  tasks->tasks = {{.key = {.task = "t", .outcome = "ok"},
                   .totals = {.tasks = 9, .timed = 6, .duration_ns = 2'500'000'000, .buckets = {1, 2, 3}, .cost = {}}}};
  one.container().tasks = tasks;
  one.snapshot.duration_bounds =
      std::make_shared<const std::vector<int64_t>>(std::vector<int64_t>{2'500'000, base::kSecond});
  EXPECT_THAT(one.samples("benchd_tasks_total"), ElementsAre(Pair("t,ok", 9)));
  EXPECT_THAT(one.samples("benchd_task_duration_seconds"),
              ElementsAre(Pair("_bucket,t,ok,+Inf", 6), Pair("_bucket,t,ok,0.0025", 1), Pair("_bucket,t,ok,1", 3),
                          Pair("_count,t,ok", 6), Pair("_sum,t,ok", 2.5)));
}

TEST(Catalogue, AnIdleLogIsNotBehind) {
  OneContainer one;
  one.snapshot.taken = 100 * base::kSecond;
  auto tasks = std::make_shared<model::ContainerTasks>();
  tasks->logs = {{.log = "idle", .counts = {}, .lag_bytes = 0, .last_stamp = 40 * base::kSecond},
                 {.log = "behind", .counts = {}, .lag_bytes = 7, .last_stamp = 40 * base::kSecond},
                 {.log = "unknown", .counts = {}, .lag_bytes = {}, .last_stamp = {}}};
  one.container().tasks = tasks;
  EXPECT_THAT(one.samples("benchd_log_lag_bytes"), ElementsAre(Pair("behind", 7), Pair("idle", 0)));
  EXPECT_THAT(one.samples("benchd_log_lag_seconds"), ElementsAre(Pair("behind", 60), Pair("idle", 0)));
}

}  // namespace
}  // namespace benchd::exposition
