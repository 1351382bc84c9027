#include <map>

#include <gtest/gtest.h>

#include "live_kernel.h"
#include "support/allocation_count.h"

namespace benchd::kernel {
namespace {

TEST_F(LiveKernel, EveryShortCgroupEndsWithWhatItsParentGained) {
  constexpr int kCgroups = 1000;
  const std::string v1 = "/sys/fs/cgroup/pids/benchd-test-" + std::to_string(::getpid());
  const bool hybrid = std::filesystem::exists("/sys/fs/cgroup/pids/cgroup.procs");
  std::map<uint64_t, uint64_t> gained;
  for (int i = 0; i < kCgroups; ++i) {
    const std::string name = "s" + std::to_string(i);
    const uint64_t before = usage_usec(path());
    make(name);
    const uint64_t id = id_of(path(name));
    if (hybrid) ::mkdir(v1.c_str(), 0755);
    if (i % 3 == 0) {
      make(name + "/inner/deep");
      run_in(path(name + "/inner/deep"), [] { burn(2 * base::kMillisecond); });
      remove_soon(path(name + "/inner/deep"));
      run_in(path(name + "/inner"), [] { burn(base::kMillisecond); });
      remove_soon(path(name + "/inner"));
      run_in(path(name), [] { burn(2 * base::kMillisecond); });
    } else {
      run_in(path(name), [] { burn(5 * base::kMillisecond); });
    }
    remove_soon(path(name));
    if (hybrid) ::rmdir(v1.c_str());
    gained[id] = usage_usec(path()) - before;
    if (i % 10 == 0) collector_->dispatch(finals_);  // beside a test that removes 12,000
  }
  if (charges_late_) ::sleep(1);
  collector_->dispatch(finals_);
  uint64_t all = 0;
  uint64_t children = 0;
  for (const auto& [id, path] : finals_.paths) {
    if (path.find(path_below_mount()) == std::string::npos) continue;  // other tests make cgroups beside this one
    if (!gained.contains(id)) {
      ++children;
      continue;
    }
    all += finals_.finals[id].cpu.sum() / 1000;
    // What is charged late to one may fall into the time of the next.
    if (!charges_late_) {
      EXPECT_NEAR(static_cast<double>(finals_.finals[id].cpu.sum()) / 1000, static_cast<double>(gained[id]), 1.01);
    }
    gained.erase(id);
  }
  EXPECT_TRUE(gained.empty()) << gained.size() << " missed";
  EXPECT_EQ(children, 2 * ((kCgroups + 2) / 3));
  EXPECT_NEAR(static_cast<double>(all), static_cast<double>(usage_usec(path())), kCgroups);
  EXPECT_EQ(collector_->counts().finals_lost, 0u);
}

TEST_F(LiveKernel, AllocatesOnlyWhenCgroupsComeAndGo) {
  for (int i = 0; i < 20; ++i) {
    make("c" + std::to_string(i));
    start("c" + std::to_string(i));
  }
  std::vector<model::Reading> readings(20);
  // Other tests make cgroups meanwhile: turns in which none came or went are counted.
  int quiet = 0;
  uint64_t allocated = 0;
  for (int turn = 0; turn < 100'000 && quiet < 200; ++turn) {
    const KernelCounts before = collector_->counts();
    const uint64_t allocations = test::allocation_count();
    collector_->dispatch(finals_);
    collector_->look_at_threads();
    collector_->look_at_cpus();
    for (size_t i = 0; i < ids_.size(); ++i) collector_->read(ids_[i], readings[i]);
    if (turn < 10 || collector_->counts().removed != before.removed || collector_->counts().cgroups != before.cgroups)
      continue;
    allocated += test::allocation_count() - allocations;
    ++quiet;
  }
  EXPECT_EQ(quiet, 200);
  EXPECT_EQ(allocated, 0u);
}

TEST_F(LiveKernel, LostNoticesAreFoundLater) {
  // The ring has room for some 8,000; more than that are removed before anybody looks.
  constexpr int kCgroups = 12'000;
  for (int i = 0; i < kCgroups; ++i) {
    make("x");
    remove("x");
  }
  collector_->dispatch(finals_);
  EXPECT_GT(collector_->counts().notices_lost, 0u);
  EXPECT_GE(finals_.finals.size(), kCgroups);
  EXPECT_EQ(collector_->counts().finals_lost, 0u);
}

TEST_F(LiveKernel, GoesOnAfterARestartWhereChildrenWereRemovedBeforeAndMeanwhile) {
  make("box/first");
  make("box/second");
  make("box/third");
  start("box");
  collector_->look_at_threads();
  collector_->look_at_cpus();
  for (const char* child : {"first", "second", "third"})
    run_in(path("box") + "/" + child, [] { burn(50 * base::kMillisecond); });
  remove_soon(path("box/first"));
  collector_->dispatch(finals_);
  const model::Reading before = read("box");
  collector_.reset();
  remove_soon(path("box/second"));
  load();
  start("box", {.threads = {}, .cpus = before.cpus});
  model::Reading after = read("box");
  ASSERT_EQ(after.cpus.size(), before.cpus.size());
  for (size_t i = 0; i < before.cpus.size(); ++i)
    EXPECT_GE(after.cpus[i].nanoseconds, before.cpus[i].nanoseconds) << "cpu " << i;
  run_in(path("box/third"), [] { burn(50 * base::kMillisecond); });
  after = read("box");
  const auto sum = [](const model::Reading& reading) {
    uint64_t all = 0;
    for (const auto& cpu : reading.cpus) all += cpu.nanoseconds;
    return all;
  };
  EXPECT_GE(sum(after), sum(before) + 50 * base::kMillisecond);
  EXPECT_NEAR(static_cast<double>(sum(after)), 1000 * static_cast<double>(usage_usec(path("box"))), 0.01e9);
}

TEST_F(LiveKernel, TimeIsOnTheCpuWhereItWasSpentAndAddsUpToTheUsage) {
  const auto cpus = static_cast<uint32_t>(::sysconf(_SC_NPROCESSORS_ONLN));
  make("box/child");
  start("box");
  const model::Reading birth = read("box");
  ASSERT_EQ(birth.cpus.size(), cpus);
  for (const auto& cpu : birth.cpus) EXPECT_EQ(cpu.nanoseconds, 0u);
  uint64_t last = 0;
  for (uint32_t cpu = 0; cpu < cpus; ++cpu) {
    run_in(path(cpu % 2 == 0 ? "box" : "box/child"), [&] {
      pin(static_cast<int>(cpu));
      burn((cpu + 1) * 300 * base::kMillisecond);
    });
    if (cpu % 2 == 1) {
      remove("box/child");
      if (charges_late_) ::sleep(1);
    }
    collector_->dispatch(finals_);
    const auto usage_before = static_cast<double>(usage_usec(path("box")));
    const model::Reading reading = read("box");
    EXPECT_GE(static_cast<double>(reading.cpus[cpu].nanoseconds), 0.995 * (cpu + 1) * 300 * base::kMillisecond);
    uint64_t sum = 0;
    for (const auto& it : reading.cpus) sum += it.nanoseconds;
    // Two readings: the last slice of the burner may be charged in between.
    EXPECT_GE(static_cast<double>(sum) / 1000, 0.999 * usage_before);
    EXPECT_LE(static_cast<double>(sum) / 1000, 1.001 * static_cast<double>(usage_usec(path("box"))));
    EXPECT_GE(sum, last);
    last = sum;
  }
}

TEST_F(LiveKernel, ACgroupThatGoesBetweenItsFilesAndTheWalkLacksNothing) {
  make("brief");
  start("brief");
  run_in(path("brief"), [] { burn(5 * base::kMillisecond); });
  model::Reading reading;
  reading.values.set(model::Field::CpuUsage, usage_usec(path("brief")));
  remove_soon(path("brief"));
  collector_->look_at_threads();
  collector_->look_at_cpus();
  collector_->read(ids_.back(), reading);
  EXPECT_EQ(reading.cpu_unattributed, 0u);
  collector_->dispatch(finals_);
  apply(finals_.finals.at(ids_.back()), reading);
  EXPECT_EQ(reading.cpu_unattributed, 0u);
}

class WideKernel : public LiveKernel {
 protected:
  WideKernel() : LiveKernel(256) {}
};

TEST_F(WideKernel, AThousandContainersOf256CpusAreReadBeyondWhatAnIteratorHasRoomFor) {
  constexpr int kContainers = 1000;
  const auto cpus = static_cast<uint32_t>(::sysconf(_SC_NPROCESSORS_ONLN));
  const auto name = [](int i) { return "w" + std::to_string(i); };
  for (int i = 0; i < kContainers; ++i) {
    make(name(i));
    start(name(i));
  }
  const auto busy_on = [&](int i) { return static_cast<uint32_t>(i / 50) % cpus; };
  for (int i = 0; i < kContainers; i += 50) {
    run_in(path(name(i)), [&] {
      pin(static_cast<int>(busy_on(i)));
      burn(20 * base::kMillisecond);
    });
  }
  std::vector<model::Reading> readings(kContainers);
  for (int i = 0; i < kContainers; ++i) readings[i].values.set(model::Field::CpuUsage, usage_usec(path(name(i))));
  collector_->look_at_threads();
  collector_->look_at_cpus();
  for (int i = 0; i < kContainers; ++i) {
    model::Reading& reading = readings[i];
    collector_->read(id_of(path(name(i))), reading);
    ASSERT_EQ(reading.cpus.size(), cpus) << "one that this machine has not";
    uint64_t sum = 0;
    for (const auto& it : reading.cpus) sum += it.nanoseconds;
    EXPECT_EQ(sum / 1000, reading.values.get(model::Field::CpuUsage)) << name(i);
    if (i % 50 == 0) {
      EXPECT_GE(reading.cpus[busy_on(i)].nanoseconds, 19 * base::kMillisecond) << name(i);
    }
  }
  // The record of an end is as wide.
  run_in(path(name(1)), [] { burn(base::kMillisecond); });
  const uint64_t used = usage_usec(path(name(1)));
  const uint64_t id = id_of(path(name(1)));
  remove(name(1));
  if (charges_late_) ::sleep(1);
  collector_->dispatch(finals_);
  EXPECT_EQ(finals_.finals.at(id).cpu.by_cpu.size(), 256u);
  EXPECT_NEAR(static_cast<double>(finals_.finals[id].cpu.sum()) / 1000, static_cast<double>(used),
              charges_late_ ? 10'000 : 1.01);
}

TEST_F(LiveKernel, ContainersThatAreFewAmongManyCgroupsAreReadByThemselves) {
  for (int i = 0; i < 300; ++i) make("other" + std::to_string(i));
  make("outer/inner");
  start("outer");
  start("outer/inner");
  run_in(path("outer"), [] { burn(20 * base::kMillisecond); });
  run_in(path("outer/inner"), [] { burn(50 * base::kMillisecond); });
  const auto sum = [](const model::Reading& reading) {
    uint64_t all = 0;
    for (const auto& cpu : reading.cpus) all += cpu.nanoseconds;
    return static_cast<double>(all);
  };
  read("outer");  // the first walk is over all
  EXPECT_NEAR(sum(read("outer")), 1000 * static_cast<double>(usage_usec(path("outer"))), 1e6);
  EXPECT_NEAR(sum(read("outer/inner")), 1000 * static_cast<double>(usage_usec(path("outer/inner"))), 1e6);
}

}  // namespace
}  // namespace benchd::kernel
