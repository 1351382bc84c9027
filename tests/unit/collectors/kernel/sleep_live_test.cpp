#include <optional>
#include <thread>

#include <gtest/gtest.h>
#include <sched.h>

#include "live_kernel.h"

namespace benchd::kernel {
namespace {

/// Looks whether containers sleep.
class LiveSleep : public LiveKernel {
 protected:
  std::optional<base::Instant> look(const std::string& name) {
    collector_->look_at_threads();
    return collector_->last_awake(id_of(path(name)));
  }

  /// No thread of it has run between two looks.
  bool sleeps(const std::string& name) {
    const auto before = look(name);
    ::usleep(1'000);
    return before && look(name) == before;
  }

  void wait_for_sleep(const std::string& name) {
    wait_until([&] { return sleeps(name); }, "the container to fall asleep");
  }
};

/// A process in a cgroup that works when told to.
class Servant {
 public:
  Servant(const std::string& directory, const std::function<void()>& work) {
    EXPECT_EQ(::pipe2(to_, O_CLOEXEC), 0);
    EXPECT_EQ(::pipe2(from_, O_CLOEXEC), 0);
    pid_ = ::fork();
    if (pid_ != 0) {
      wait_for_answer();
      return;
    }
    ::close(to_[1]);
    join(directory);
    char told = 0;
    (void)!::write(from_[1], &told, 1);
    while (::read(to_[0], &told, 1) == 1) {
      work();
      (void)!::write(from_[1], &told, 1);
    }
    ::_exit(0);
  }
  ~Servant() {
    for (const int fd : {to_[0], to_[1], from_[0], from_[1]}) ::close(fd);
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Servant(const Servant&) = delete;
  Servant& operator=(const Servant&) = delete;

  void tell() const { EXPECT_EQ(::write(to_[1], "x", 1), 1); }
  void work() const {
    tell();
    wait_for_answer();
  }

 private:
  void wait_for_answer() const {
    char done = 0;
    EXPECT_EQ(::read(from_[0], &done, 1), 1);
  }

  int to_[2] = {-1, -1};
  int from_[2] = {-1, -1};
  pid_t pid_ = -1;
};

TEST_F(LiveSleep, IsNotKnownBeforeTheFirstLook) {
  make("c");
  start("c");
  EXPECT_EQ(collector_->last_awake(id_of(path("c"))), std::nullopt);
  EXPECT_NE(look("c"), std::nullopt);
  EXPECT_EQ(collector_->last_awake(1), std::nullopt) << "no container";
}

TEST_F(LiveSleep, LastsWhileNoThreadBelowRuns) {
  make("c/child");
  start("c");
  const Servant servant(path("c/child"), [] { burn(base::kMillisecond / 20); });
  wait_for_sleep("c");
  for (int round = 0; round < 50; ++round) {
    const auto before = look("c");
    const uint64_t used = usage_usec(path("c"));
    ASSERT_EQ(look("c"), before) << "round " << round;
    EXPECT_EQ(usage_usec(path("c")), used);
    const base::Instant told = base::now();
    servant.work();
    EXPECT_GE(look("c"), told) << "round " << round;
    wait_for_sleep("c");
  }
}

/// The kernel tells of the first thread of a process that moves, and of no other.
TEST_F(LiveSleep, IsNotForASecondThreadThatRanWhereItsProcessHadMoved) {
  for (const bool back : {false, true}) {
    const std::string from = back ? "from again" : "from";
    const std::string to = back ? "to and back" : "to";
    make(from);
    make(to);
    start(to);
    Shared<pid_t> pid(1);
    const Servant servant(path(from), [&] {
      pid[0] = ::getpid();
      std::thread([] {
        ::usleep(100'000);
        burn(base::kMillisecond);
        ::usleep(100'000);
      }).detach();
    });
    servant.work();
    wait_for_sleep(to);
    const base::Instant moved = base::now();
    std::ofstream(path(to) + "/cgroup.procs") << pid[0];
    wait_until([&] { return usage_usec(path(to)) >= 1'000; }, "the thread to run");
    ::usleep(20'000);
    if (back) std::ofstream(path(from) + "/cgroup.procs") << pid[0];
    EXPECT_GE(look(to), moved) << back;
  }
}

/// Its network namespace goes with it.
TEST_F(LiveSleep, IsNotForCgroupsThatASleepingProcessLeavesOrComesInto) {
  for (const char* name : {"from", "to", "other"}) {
    make(name);
    start(name);
  }
  Shared<pid_t> pid(1);
  const Servant servant(path("from"), [&] { pid[0] = ::getpid(); });
  servant.work();
  for (const char* name : {"from", "to", "other"}) wait_for_sleep(name);
  const base::Instant moved = base::now();
  std::ofstream(path("to") + "/cgroup.procs") << pid[0];
  EXPECT_GE(look("from"), moved);
  EXPECT_GE(collector_->last_awake(id_of(path("to"))), moved);
  EXPECT_LT(collector_->last_awake(id_of(path("other"))), moved);
}

/// It waits behind a process of real time, which leaves it 5 % of the cpu at most (sched_rt_runtime_us).
TEST_F(LiveSleep, IsNotForWhomWaitsForACpu) {
  make("starved");
  start("starved");
  const base::Instant end = base::now() + 10 * base::kSecond;  // should the test be killed meanwhile
  const Servant starved(path("starved"), [end] {
    pin(0);
    while (base::now() < end) {
    }
  });
  wait_for_sleep("starved");
  Shared<int> over(1);
  const pid_t hog = ::fork();
  if (hog == 0) {
    pin(0);
    const sched_param first{.sched_priority = 1};
    if (::sched_setscheduler(0, SCHED_FIFO, &first) != 0) ::_exit(1);
    while (*static_cast<volatile int*>(&over[0]) == 0 && base::now() < end) {
    }
    ::_exit(0);
  }
  starved.tell();
  pin(1);
  for (int round = 0; round < 100; ++round) {
    const base::Instant began = base::now();
    EXPECT_GE(look("starved"), began) << "round " << round;
    ::usleep(2'000);
  }
  over[0] = 1;
  int status = 0;
  ::waitpid(hog, &status, 0);
  EXPECT_EQ(status, 0);
}

/// A walk from within finds the threads of its own pid namespace alone.
TEST_F(LiveSleep, IsNotToldFromAnotherPidNamespaceNorAreThreads) {
  make("c");
  start("c");
  const Servant sleeper(path("c"), [] {});
  wait_for_sleep("c");
  EXPECT_TRUE(read("c").threads);
  const pid_t outer = ::fork();
  if (outer == 0) {
    if (::unshare(CLONE_NEWPID) != 0) ::_exit(2);
    const pid_t inner = ::fork();
    if (inner == 0) {
      load();
      start("c", {.threads = {.on_cpu = 5, .alive = 1}, .cpus = {}});
      const bool is_told = sleeps("c");
      const bool has_threads = collector_->knows_threads() || read("c").threads;
      const std::string below = path("c/below");
      ::mkdir(below.c_str(), 0755);
      run_in(below, [] { burn(base::kMillisecond); });
      remove_soon(below);
      collector_->dispatch(finals_);
      model::Reading end;
      for (const auto& [id, final] : finals_.finals) apply(final, end);
      ::_exit((is_told ? 4 : 0) + (has_threads ? 8 : 0) + (end.threads ? 16 : 0) +
              (end.values.get(model::Field::CpuUsage).value_or(0) >= 1'000 ? 0 : 32));
    }
    int status = 0;
    ::waitpid(inner, &status, 0);
    ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 3);
  }
  int status = 0;
  ::waitpid(outer, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace benchd::kernel
