#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

namespace benchd {

/// Runs all registered benchmarks in repetitions that alternate at random, so that whatever else the machine does falls
/// on each alike; the medians are then compared with each other, never with a clock.
class Interleaved : public benchmark::BenchmarkReporter {
 public:
  /// Google Benchmark's flags; what the command line says comes after ours, and wins.
  Interleaved(int argc, char** argv) {
    std::vector<std::string> flags = {argv[0], "--benchmark_enable_random_interleaving=true",
                                      "--benchmark_repetitions=11", "--benchmark_min_time=0.05"};
    flags.insert(flags.end(), argv + 1, argv + argc);
    std::vector<char*> arguments;
    for (std::string& flag : flags) arguments.push_back(flag.data());
    auto count = static_cast<int>(arguments.size());
    benchmark::Initialize(&count, arguments.data());
  }

  void run() { benchmark::RunSpecifiedBenchmarks(this); }

  /// CPU time of one iteration, in the unit of the benchmark.
  double median(const std::string& name) {
    std::vector<double>& times = times_.at(name);
    std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
    return times[times.size() / 2];
  }

  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs)
      if (run.run_type == Run::RT_Iteration) times_[run.run_name.function_name].push_back(run.GetAdjustedCPUTime());
  }

 private:
  std::map<std::string, std::vector<double>> times_;
};

}  // namespace benchd
