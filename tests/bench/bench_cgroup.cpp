/// What a tick over 1,000 containers costs, beside its floor: a loop that does nothing but pread the same files. Real
/// cgroups, all in this machine's cgroup2, with the files that its controllers give them. Interleaved repetitions,
/// medians; exit 1 if reading takes more than 1.25 times the floor, 77 where no cgroup can be made.

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "collectors/cgroup/files.h"
#include "collectors/cgroup/mount.h"
#include "interleaved.h"

namespace benchd {
namespace {

constexpr size_t kContainers = 1000;
constexpr size_t kFds = 20 * kContainers;  // twice nine kept files, and a directory for each of two readers
constexpr double kAllowed = 1.25;

/// Cgroups of our own, removed at the end.
class Cgroups {
 public:
  explicit Cgroups(const std::string& mount) : path_(mount + "/benchd-bench-" + std::to_string(::getpid())) {
    made_ = ::mkdir(path_.c_str(), 0755) == 0;
    for (size_t i = 0; made_ && i < kContainers; ++i) made_ = ::mkdir(path(i).c_str(), 0755) == 0;
  }
  ~Cgroups() {
    for (size_t i = 0; i < kContainers; ++i) ::rmdir(path(i).c_str());
    ::rmdir(path_.c_str());
  }
  Cgroups(const Cgroups&) = delete;
  Cgroups& operator=(const Cgroups&) = delete;

  bool made() const { return made_; }
  std::string path(size_t i) const { return path_ + "/c" + std::to_string(i); }

 private:
  std::string path_;
  bool made_;
};

/// The hot files of all containers, open and nothing else.
std::vector<base::Fd> open_hot_files(const Cgroups& cgroups) {
  std::vector<base::Fd> fds;
  for (size_t i = 0; i < kContainers; ++i) {
    for (const model::FileSpec& file : model::kFiles) {
      if (file.heat != model::Heat::Hot) continue;
      base::Fd fd(::open((cgroups.path(i) + "/" + file.name.data()).c_str(), O_RDONLY | O_CLOEXEC));
      if (fd) fds.push_back(std::move(fd));
    }
  }
  return fds;
}

void floor(benchmark::State& state, const std::vector<base::Fd>& fds) {
  std::vector<char> buffer(16384);
  for (auto _ : state) {
    for (const base::Fd& fd : fds) benchmark::DoNotOptimize(::pread(fd.get(), buffer.data(), buffer.size(), 0));
  }
}

struct Container {
  std::unique_ptr<cgroup::ContainerFiles> files;
  model::Reading reading;
};

std::vector<Container> open_containers(const Cgroups& cgroups, cgroup::ReaderShare& share) {
  std::vector<Container> containers(kContainers);
  for (size_t i = 0; i < kContainers; ++i) {
    base::Fd directory(::open(cgroups.path(i).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    containers[i].files = std::make_unique<cgroup::ContainerFiles>(std::move(directory), share);
    containers[i].files->read(0, true, containers[i].reading);
  }
  return containers;
}

/// `step` between the ticks decides whether warm and cold files are ever due.
void read(benchmark::State& state, std::vector<Container>& containers, base::Instant step) {
  static base::Instant now = 100 * base::kSecond;
  for (auto& it : containers) it.files->read(now, true, it.reading);
  for (auto _ : state) {
    now += step;
    for (Container& it : containers) it.files->read(now, false, it.reading);
  }
}

/// Of the whole machine; what the kernel keeps for open files is in here, and in no process's resident size.
uint64_t unreclaimable_slab_kib() {
  std::ifstream meminfo("/proc/meminfo");
  for (std::string key; meminfo >> key;) {
    uint64_t kib = 0;
    if (key == "SUnreclaim:" && meminfo >> kib) return kib;
  }
  return 0;
}

int run(int argc, char** argv) {
  Interleaved times(argc, argv);
  const auto mount = cgroup::find_mount();
  if (!mount) {
    std::printf("skipped: %s\n", mount.error().message().c_str());
    return 77;
  }
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  const Cgroups cgroups(mount->path);
  if (!cgroups.made() || limit.rlim_cur < kFds) {
    std::printf("skipped: %zu cgroups below %s and %zu fds are not to be had\n", kContainers, mount->path.c_str(),
                kFds);
    return 77;
  }

  const std::vector<base::Fd> fds = open_hot_files(cgroups);
  const uint64_t slab_before = unreclaimable_slab_kib();
  cgroup::ReaderShare kept_share(10 * kContainers);
  std::vector<Container> kept = open_containers(cgroups, kept_share);
  const uint64_t slab_after = unreclaimable_slab_kib();
  cgroup::ReaderShare opening_share(0);
  std::vector<Container> opening = open_containers(cgroups, opening_share);

  std::printf("%zu containers, %zu hot files\n", kContainers, fds.size());
  std::printf("kernel memory: %zu kept fds, %.1f KiB each (growth of the machine's SUnreclaim)\n",
              kept_share.fds.used(),
              (static_cast<double>(slab_after) - static_cast<double>(slab_before)) /
                  static_cast<double>(kept_share.fds.used()));

  const auto bench = [](const char* name, auto&& function) {
    benchmark::RegisterBenchmark(name, function)->Unit(benchmark::kMillisecond);
  };
  bench("floor", [&](benchmark::State& state) { floor(state, fds); });
  bench("read_hot", [&](benchmark::State& state) { read(state, kept, 1); });
  bench("read_at_1_Hz", [&](benchmark::State& state) { read(state, kept, base::kSecond); });
  bench("read_hot_without_kept_fds", [&](benchmark::State& state) { read(state, opening, 1); });
  times.run();

  for (const char* name : {"floor", "read_hot", "read_at_1_Hz", "read_hot_without_kept_fds"}) {
    std::printf("%-26s %7.3f ms of cpu, %5.2f times the floor\n", name, times.median(name),
                times.median(name) / times.median("floor"));
  }
  return times.median("read_hot") <= kAllowed * times.median("floor") ? 0 : 1;
}

}  // namespace
}  // namespace benchd

int main(int argc, char** argv) {
  return benchd::run(argc, argv);
}
