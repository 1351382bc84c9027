#include <algorithm>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectors/cgroup/mount.h"
#include "daemon/sampler.h"
#include "support/allocation_count.h"

namespace benchd::daemon {
namespace {

/// A sampler over cgroups of the test's own, with everything that the daemon gives it but the runtimes.
class SamplerLive : public testing::Test {
 protected:
  void SetUp() override {
    spdlog::set_level(spdlog::level::off);  // what this host lacks is said elsewhere
    const auto mount = cgroup::find_mount();
    if (!mount.ok()) GTEST_SKIP() << mount.error().message();
    root_ = mount->path + "/benchd-sampler-" + std::to_string(::getpid());
    if (::mkdir(root_.c_str(), 0755) != 0) GTEST_SKIP() << "cannot make cgroups in " << mount->path;
    // A tree of the test's own, so that other cgroups of the machine that come and go are none of its business.
    tree_ = std::make_unique<cgroup::Tree>(root_, [](std::string_view) { return model::PathMatch{}; });
    network_ = std::make_unique<network::NetworkCollector>(network::NetworkRoots{.cgroup = root_});
    sampler_ = std::make_unique<Sampler>(Sampler::Parts{.tree = *tree_,
                                                        .reader = reader_,
                                                        .board = board_,
                                                        .network = network_.get(),
                                                        .host = &host_,
                                                        .boot_id = "boot",
                                                        .standing_states = {}});
    sampler_->sweep(base::now());
  }

  void TearDown() override {
    for (const std::string& path : made_) ::rmdir(path.c_str());
    ::rmdir(root_.c_str());
  }

  void make(const std::string& name) {
    made_.push_back(root_ + "/" + name);
    ASSERT_EQ(::mkdir(made_.back().c_str(), 0755), 0);
    sampler_->dispatch(base::now());
  }
  void remove(const std::string& name) {
    ASSERT_EQ(::rmdir((root_ + "/" + name).c_str()), 0);
    sampler_->dispatch(base::now());
  }
  void sample() { sampler_->sample(base::now()); }

  const model::ContainerSnapshot* shown(const SnapshotBoard::View& view, const std::string& name) const {
    for (const auto& container : view->containers) {
      if (container.container->path == "/" + name) return &container;
    }
    return nullptr;
  }

  std::string root_;
  std::vector<std::string> made_;
  cgroup::ReaderShare reader_{4096};
  SnapshotBoard board_;
  /// Recorded: the real one's devices may come and go meanwhile, which allocates.
  host::HostCollector host_{host::HostRoots{.proc = BENCHD_FIXTURES "/host/virtual-machine/proc",
                                            .sys = BENCHD_FIXTURES "/host/virtual-machine/sys"}};
  std::unique_ptr<cgroup::Tree> tree_;
  std::unique_ptr<network::NetworkCollector> network_;
  std::unique_ptr<Sampler> sampler_;
};

TEST_F(SamplerLive, AThousandTicksAllocateOnlyWhereContainersStartOrEnd) {
  for (int i = 0; i < 50; ++i) make("steady-" + std::to_string(i));
  uint64_t in_quiet_ticks = 0;
  int quiet = 0;
  int since_change = 0;
  for (int tick = 0; tick < 1000; ++tick) {
    if (tick % 100 == 0) {
      make("churn-" + std::to_string(tick));
      since_change = 0;
    } else if (tick % 100 == 50) {
      remove("churn-" + std::to_string(tick - 50));
      since_change = 0;
    }
    const uint64_t before = test::allocation_count();
    sampler_->dispatch(base::now());
    sample();
    const uint64_t allocated = test::allocation_count() - before;
    // A start or an end reaches each of the three snapshots in the ring once.
    if (++since_change > 3) {
      in_quiet_ticks += allocated;
      ++quiet;
    }
  }
  EXPECT_GT(quiet, 900);
  EXPECT_EQ(in_quiet_ticks, 0u);
  EXPECT_EQ(sampler_->counts().readings, 1000u);
  EXPECT_EQ(sampler_->counts().running, 50u);
  EXPECT_EQ(sampler_->counts().finished, 10u);
}

/// cgroup.events is read when the kernel tells of a change, not at each tick.
TEST_F(SamplerLive, ShowsThatAContainerWasFrozen) {
  make("c");
  sample();
  const auto frozen = [&] { return shown(board_.newest(), "c")->reading.values.get(model::Field::CgroupFrozen); };
  ASSERT_EQ(frozen(), 0u);
  for (const char* state : {"1", "0"}) {
    ASSERT_TRUE(std::ofstream(made_.back() + "/cgroup.freeze") << state << std::flush);
    const base::Instant end = base::now() + 20 * base::kSecond;  // the kernel tells by a worker of its own
    while (frozen() != static_cast<uint64_t>(*state - '0') && base::now() < end) {
      sampler_->dispatch(base::now());
      sample();
    }
    EXPECT_EQ(frozen(), static_cast<uint64_t>(*state - '0'));
  }
}

class SlowThreads : public kernel::ThreadSource {
 public:
  void started(uint64_t, int, kernel::ShownBefore) override {}
  void ended(uint64_t) override {}
  void look_at_threads() override { ::usleep(200'000); }
  std::optional<base::Instant> last_awake(uint64_t) const override { return std::nullopt; }
  void look_at_cpus() override {}
  void read(uint64_t, model::Reading&) override {}
  bool needs_cpus_before() const override { return false; }
  bool knows_threads() const override { return true; }
  const model::CollectorStatus& status() const override { return status_; }

 private:
  model::CollectorStatus status_{.collector = "kernel"};
};

TEST_F(SamplerLive, TheLookAtThreadsIsNotInTheTimeThatReadingCgroupsTook) {
  SlowThreads threads;
  Sampler sampler({.tree = *tree_, .reader = reader_, .board = board_, .threads = &threads, .standing_states = {}});
  sampler.sample(base::now());
  const auto& collectors = board_.newest()->collectors;
  const auto cgroup = std::find_if(collectors.begin(), collectors.end(), [](const model::CollectorStatus& it) {
    return std::string_view(it.collector) == "cgroup";
  });
  ASSERT_NE(cgroup, collectors.end());
  EXPECT_LT(cgroup->duration_seconds, 0.2);
}

TEST_F(SamplerLive, AnEndedContainerKeepsCountersAndLosesGauges) {
  make("brief");
  sample();
  ASSERT_NE(shown(board_.newest(), "brief"), nullptr);
  EXPECT_TRUE(shown(board_.newest(), "brief")->reading.values.has(model::Field::CgroupPopulated));
  remove("brief");
  sample();
  const auto view = board_.newest();
  const auto* ended = shown(view, "brief");
  ASSERT_NE(ended, nullptr);
  EXPECT_TRUE(ended->ended);
  EXPECT_TRUE(ended->reading.values.has(model::Field::CpuUsage));
  EXPECT_FALSE(ended->reading.values.has(model::Field::CgroupPopulated));
}

TEST_F(SamplerLive, AContainerThatIsGoneBeforeTheFirstTickHasItsCounters) {
  make("brief");
  remove("brief");
  sample();
  const auto view = board_.newest();
  ASSERT_NE(shown(view, "brief"), nullptr);
  EXPECT_TRUE(shown(view, "brief")->reading.values.has(model::Field::CpuUsage));
}

TEST_F(SamplerLive, AnEndIsForgottenAfterTheRetentionTimeAndNotBefore) {
  make("brief");
  remove("brief");
  sample();
  ASSERT_NE(shown(board_.newest(), "brief"), nullptr);
  sampler_->set_retention(3600 * base::kSecond);
  sample();
  EXPECT_NE(shown(board_.newest(), "brief"), nullptr);
  sampler_->set_retention(0);
  sample();
  EXPECT_EQ(shown(board_.newest(), "brief"), nullptr);
  EXPECT_EQ(sampler_->counts().finished, 0u);
}

TEST_F(SamplerLive, CopiesAFinishedContainerOnceIntoEachSnapshotHoweverManyGo) {
  constexpr int kFinished = 20;
  for (int i = 0; i < kFinished; ++i) make("c" + std::to_string(i));
  for (int i = 0; i < kFinished; ++i) remove("c" + std::to_string(i));
  const base::Instant later = base::now() + 20 * base::kSecond;
  for (int i = 0; i < 4; ++i) sampler_->sample(later);
  // Whatever a snapshot holds of what has settled is left alone: this mark would not outlive a copy.
  const auto mark_all = [&] {
    for (model::ContainerSnapshot& container : board_.draft().containers)
      container.reading.values.set(model::Field::MemoryPeak, 4711);
  };
  const auto marked = [&] {
    const auto view = board_.newest();
    return std::count_if(view->containers.begin(), view->containers.end(), [](const auto& container) {
      return container.reading.values.get(model::Field::MemoryPeak) == 4711u;
    });
  };
  mark_all();
  sampler_->sample(later);
  EXPECT_EQ(marked(), kFinished);

  // One is made anew and gone again: one place changes, the others stay where they are.
  make("c3");
  mark_all();
  sampler_->sample(later);
  EXPECT_EQ(marked(), kFinished - 1 - 1) << "the new one, and the last, which took the place of the old one";

  auto metadata = std::make_shared<model::Metadata>();
  metadata->exit_code = 42;
  sampler_->set_metadata(shown(board_.newest(), "c7")->container->cgroup_id, metadata);
  sampler_->sample(later);
  EXPECT_EQ(shown(board_.newest(), "c7")->metadata->exit_code, 42);
  remove("c3");
}

TEST_F(SamplerLive, ANewIncarnationEvictsTheFinishedOne) {
  make("again");
  const uint64_t first = [&] {
    sample();
    return shown(board_.newest(), "again")->container->cgroup_id;
  }();
  remove("again");
  make("again");
  sample();
  const auto view = board_.newest();
  EXPECT_EQ(view->containers.size(), 1u);
  EXPECT_NE(shown(view, "again")->container->cgroup_id, first);
  EXPECT_FALSE(shown(view, "again")->ended);
}

TEST_F(SamplerLive, MetadataReachesAContainerThatHasEnded) {
  make("brief");
  sample();
  const uint64_t id = shown(board_.newest(), "brief")->container->cgroup_id;
  remove("brief");
  auto metadata = std::make_shared<model::Metadata>();
  metadata->exit_code = 42;
  sampler_->set_metadata(id, metadata);
  sample();
  const auto view = board_.newest();
  ASSERT_NE(shown(view, "brief")->metadata, nullptr);
  EXPECT_EQ(shown(view, "brief")->metadata->exit_code, 42);
}

}  // namespace
}  // namespace benchd::daemon
