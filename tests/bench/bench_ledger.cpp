/// What keeping the workloads' totals adds to a tick in which every container used CPU: charging them, and the commit.
/// A command of its own, no test: it depends on the disk of TMPDIR or the directory that it is given.
///   bench_ledger [DIRECTORY]

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include <unistd.h>

#include "daemon/workload_book.h"

namespace benchd {
namespace {

constexpr int kTicks = 1'500;         // several checkpoints
constexpr useconds_t kPause = 5'000;  // between ticks, as there is one: checkpoints are made then

std::vector<model::ContainerSnapshot> make_containers(size_t count) {
  std::vector<model::ContainerSnapshot> containers(count);
  for (size_t i = 0; i < count; ++i) {
    model::Container it;
    it.cgroup_id = 1'000 + i;
    it.path = "/docker/" + std::to_string(i);
    it.match.runtime = model::Runtime::Docker;
    containers[i].container = std::make_shared<const model::Container>(std::move(it));
    model::Metadata metadata;
    metadata.image = "image:" + std::to_string(i % 10);
    containers[i].metadata = std::make_shared<const model::Metadata>(std::move(metadata));
    containers[i].reading.values.set(model::Field::CgroupPopulated, 1);
    containers[i].reading.threads.emplace();
  }
  return containers;
}

void measure(const std::string& directory, size_t count) {
  const std::string path = directory + "/" + std::to_string(count) + ".db";
  auto book = daemon::WorkloadBook::open({.path = path, .boot_id = "bench", .declared = {}}, 1);
  if (!book.ok()) {
    std::fprintf(stderr, "%s\n", book.error().message().c_str());
    std::exit(1);
  }
  auto containers = make_containers(count);
  std::vector<double> charge_us;
  std::vector<double> commit_us;
  for (int tick = 1; tick <= kTicks; ++tick) {
    const base::Instant start = base::now();
    for (size_t i = 0; i < count; ++i) {
      model::Reading& reading = containers[i].reading;
      reading.at = tick * base::kSecond;
      reading.values.set(model::Field::CpuUsage, 1'000ULL * static_cast<uint64_t>(tick) + i);
      reading.threads->on_cpu += 1'000'000;
      book->read(containers[i]);
    }
    const base::Instant charged = base::now();
    book->commit(tick * base::kSecond);
    charge_us.push_back(static_cast<double>(charged - start) / 1e3);
    commit_us.push_back(static_cast<double>(base::now() - charged) / 1e3);
    ::usleep(kPause);
  }
  const auto quantile = [](std::vector<double>& values, double q) {
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(q * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), at, values.end());
    return *at;
  };
  std::printf("%5zu containers: charge %7.1f us, commit median %7.1f us, 99 %% %8.1f us, most %8.1f us; %llu errors\n",
              count, quantile(charge_us, 0.5), quantile(commit_us, 0.5), quantile(commit_us, 0.99),
              quantile(commit_us, 1), static_cast<unsigned long long>(book->counts().errors));
}

}  // namespace
}  // namespace benchd

int main(int argc, char** argv) {
  std::string directory = (argc > 1 ? std::string(argv[1]) : std::filesystem::temp_directory_path().string());
  directory += "/benchd-bench-ledger-XXXXXX";
  if (::mkdtemp(directory.data()) == nullptr) return 1;
  for (const size_t count : {10U, 100U, 1'000U}) benchd::measure(directory, count);
  std::filesystem::remove_all(directory);
}
