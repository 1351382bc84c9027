/// What a look at a thread costs where kernel programs cannot be had: one that slept since the last look, and one that
/// ran (it is asked for its cpu too). Beside the floor: its schedstat opened, read and closed.

#include <array>
#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include "collectors/kernel/thread_estimator.h"

namespace benchd {
namespace {

constexpr size_t kThreads = 1000;

/// Threads that sleep, and run for a moment when told to.
class Crowd {
 public:
  Crowd() {
    for (size_t i = 0; i < kThreads; ++i) threads_.emplace_back([this] { live(); });
    run();
  }
  ~Crowd() {
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  /// Each of them was on a cpu and sleeps again.
  void run() {
    std::unique_lock lock(mutex_);
    ++turn_;
    ran_ = 0;
    wake_.notify_all();
    done_.wait(lock, [&] { return ran_ == kThreads; });
  }

 private:
  void live() {
    std::unique_lock lock(mutex_);
    for (size_t seen = 0; !over_;) {
      wake_.wait(lock, [&] { return over_ || turn_ != seen; });
      seen = turn_;
      if (++ran_ == kThreads) done_.notify_one();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable done_;
  size_t turn_ = 0;
  size_t ran_ = 0;
  bool over_ = false;
  std::vector<std::thread> threads_;
};

/// A directory like a cgroup's that lists this process's threads.
class Members {
 public:
  Members() {
    if (::mkdtemp(path_.data()) == nullptr) std::abort();
    std::ofstream list(path_ + "/cgroup.threads");
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task"))
      list << entry.path().filename().string() << '\n';
  }
  ~Members() { std::filesystem::remove_all(path_); }
  Members(const Members&) = delete;
  Members& operator=(const Members&) = delete;

  base::Fd open() const { return base::Fd(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)); }

 private:
  std::string path_ = std::filesystem::temp_directory_path() / "benchd-bench-XXXXXX";
};

void look(benchmark::State& state, bool ran) {
  Crowd crowd;
  const Members members;
  const base::Fd directory = members.open();
  base::Instant now = base::now();
  auto made = kernel::ThreadEstimator::make("/proc", {}, [&] { return now; });
  if (!made.ok()) return state.SkipWithError(made.error().message().c_str());
  kernel::ThreadEstimator& estimator = **made;
  estimator.started(1, directory.get(), {});
  model::Reading reading;
  for (auto _ : state) {
    state.PauseTiming();
    if (ran) crowd.run();
    now += base::kSecond;
    state.ResumeTiming();
    estimator.look_at_threads();
    estimator.read(1, reading);
  }
  state.counters["thread"] =
      benchmark::Counter(kThreads, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void floor_of_a_look(benchmark::State& state) {
  const std::string path = "/proc/" + std::to_string(::getpid()) + "/schedstat";
  std::array<char, 128> text{};
  for (auto _ : state) {
    const base::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    benchmark::DoNotOptimize(::pread(fd.get(), text.data(), text.size(), 0));
  }
}

BENCHMARK_CAPTURE(look, threads_that_slept, false)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(look, threads_that_ran, true)->Unit(benchmark::kMicrosecond);
BENCHMARK(floor_of_a_look)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace benchd

BENCHMARK_MAIN();
