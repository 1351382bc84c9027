/// What the kernel programs' walks cost, beside bare iterators of the same kind, whose program does nothing: time per
/// cpu of 300 containers, the states of 3,000 threads, and 1,000 containers on a machine as if of 256 cpus. Interleaved
/// repetitions, medians; exit 1 above 3 times the bare walk or 1.5 us a thread, 77 where there is no BPF or no cgroup.

#include <csignal>
#include <cstdio>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cpu_set.h"
#include "base/file.h"
#include "collectors/cgroup/mount.h"
#include "collectors/kernel/kernel_collector.h"
#include "collectors/kernel/programs/load.h"
#include "interleaved.h"

namespace benchd {
namespace {

constexpr size_t kContainers = 300;
constexpr size_t kManyContainers = 1000;
constexpr uint32_t kWide = 256;
constexpr int kThreads = 3000;
constexpr double kAllowed = 3;
constexpr double kAllowedMicrosecondsAThread = 1.5;

/// Cgroups of our own, open, removed at the end.
class Cgroups {
 public:
  Cgroups(const std::string& mount, const char* name, size_t count)
      : path_(mount + "/benchd-bench-" + std::to_string(::getpid()) + name) {
    ::mkdir(path_.c_str(), 0755);
    for (size_t i = 0; i < count; ++i) {
      const std::string path = path_ + "/c" + std::to_string(i);
      ::mkdir(path.c_str(), 0755);
      auto directory = base::open_directory(AT_FDCWD, path.c_str());
      if (!directory) return;
      struct stat about {};
      ::fstat(directory->get(), &about);
      ids.push_back(about.st_ino);
      directories.push_back(std::move(*directory));
    }
    made = true;
  }
  ~Cgroups() {
    for (size_t i = 0; i <= directories.size(); ++i) ::rmdir((path_ + "/c" + std::to_string(i)).c_str());
    ::rmdir(path_.c_str());
  }
  Cgroups(const Cgroups&) = delete;
  Cgroups& operator=(const Cgroups&) = delete;

  bool made = false;
  std::vector<uint64_t> ids;
  std::vector<base::Fd> directories;

 private:
  std::string path_;
};

/// A process with threads that sleep.
class Sleepers {
 public:
  Sleepers() : pid_(::fork()) {
    if (pid_ != 0) return;
    std::vector<std::thread> threads;
    threads.reserve(kThreads);
    for (int i = 1; i < kThreads; ++i) threads.emplace_back([] { ::pause(); });
    ::pause();
    ::_exit(0);
  }
  ~Sleepers() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Sleepers(const Sleepers&) = delete;
  Sleepers& operator=(const Sleepers&) = delete;

 private:
  pid_t pid_;
};

/// A link to an iterator over all cgroups or threads ("cgroup", "task") whose program returns at once.
base::Fd bare_iterator(const char* kind) {
  const bpf_insn nothing[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
                              {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};
  bpf_prog_load_opts options{};
  options.sz = sizeof options;
  options.expected_attach_type = BPF_TRACE_ITER;
  options.attach_btf_id = static_cast<uint32_t>(libbpf_find_vmlinux_btf_id(kind, BPF_TRACE_ITER));
  const base::Fd program(bpf_prog_load(BPF_PROG_TYPE_TRACING, "bare", "GPL", nothing, std::size(nothing), &options));
  if (!program) return {};
  bpf_iter_link_info target{};
  target.cgroup.order = BPF_CGROUP_ITER_DESCENDANTS_PRE;
  bpf_link_create_opts link{};
  link.sz = sizeof link;
  if (std::string_view(kind) == "cgroup") {
    link.iter_info = &target;
    link.iter_info_len = sizeof target;
  }
  return base::Fd(bpf_link_create(program.get(), 0, BPF_TRACE_ITER, &link));
}

void run(const base::Fd& link) {
  const base::Fd iterator(bpf_iter_create(link.get()));
  char nothing[64];
  while (::read(iterator.get(), nothing, sizeof nothing) > 0) {
  }
}

struct Collector {
  base::Fd cgroup_walk;
  base::Fd thread_walk;
  std::unique_ptr<kernel::KernelCollector> collector;
  std::vector<model::Reading> readings;
};

Collector collect(const Cgroups& cgroups, uint32_t cpus) {
  auto handles = kernel::load_programs(cpus);
  if (!handles) {
    std::printf("skipped: %s\n", handles.error().message().c_str());
    return {};
  }
  const auto copy = [&](base::KernelHandle handle) { return base::Fd(::dup(handles->get(handle))); };
  Collector made{.cgroup_walk = copy(base::KernelHandle::CgroupWalk),
                 .thread_walk = copy(base::KernelHandle::ThreadWalk),
                 .collector = nullptr,
                 .readings = std::vector<model::Reading>(cgroups.ids.size())};
  base::CpuSet online;
  for (uint32_t cpu = 0; cpu < handles->cpus; ++cpu) online.set(cpu);  // each row in full
  auto collector = kernel::KernelCollector::make(std::move(*handles), online);
  if (!collector) return {};
  made.collector = std::move(*collector);
  for (size_t i = 0; i < cgroups.ids.size(); ++i)
    made.collector->started(cgroups.ids[i], cgroups.directories[i].get(), {});
  return made;
}

void read_all(Collector& it, const Cgroups& cgroups) {
  it.collector->look_at_threads();
  it.collector->look_at_cpus();
  for (size_t i = 0; i < cgroups.ids.size(); ++i) it.collector->read(cgroups.ids[i], it.readings[i]);
}

/// Of the whole machine, the kernel's own included.
size_t count_threads() {
  std::ifstream loadavg("/proc/loadavg");
  std::string text;
  std::getline(loadavg, text, '/');
  size_t threads = 0;
  loadavg >> threads;
  return threads;
}

void bench(const char* name, const std::function<void()>& work) {
  benchmark::RegisterBenchmark(name, [work](benchmark::State& state) {
    for (auto _ : state) work();
  })->Unit(benchmark::kMicrosecond);
}

int skip(const char* why) {
  std::printf("skipped: %s\n", why);
  return 77;
}

/// Microseconds of reading 1,000 containers whose rows are 256 cpus wide.
std::optional<double> wide(Interleaved& times, const std::string& mount) {
  const Cgroups cgroups(mount, "-wide", kManyContainers);
  Collector it = collect(cgroups, kWide);
  if (!cgroups.made || !it.collector) return std::nullopt;
  benchmark::ClearRegisteredBenchmarks();
  bench("wide", [&] { read_all(it, cgroups); });
  times.run();
  return times.median("wide");
}

int run(int argc, char** argv) {
  Interleaved times(argc, argv);
  const auto mount = cgroup::find_mount();
  if (!mount) return skip(mount.error().message().c_str());
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);

  bool well = true;
  {
    const Sleepers sleepers;
    const Cgroups cgroups(mount->path, "", kContainers);
    if (!cgroups.made) return skip("cgroups are not to be had");
    const base::Fd bare_cgroups = bare_iterator("cgroup");
    const base::Fd bare_threads = bare_iterator("task");
    Collector it = collect(cgroups, 0);
    if (!it.collector || !bare_cgroups || !bare_threads) return skip("no kernel programs");
    bench("bare_cgroups", [&] { run(bare_cgroups); });
    bench("walk_cgroups", [&] { run(it.cgroup_walk); });
    bench("bare_threads", [&] { run(bare_threads); });
    bench("walk_threads", [&] { run(it.thread_walk); });
    bench("whole_reading", [&] { read_all(it, cgroups); });
    times.run();
    const auto threads = static_cast<double>(count_threads());
    const double cgroups_ratio = times.median("walk_cgroups") / times.median("bare_cgroups");
    const double a_thread = times.median("walk_threads") / threads;
    std::printf("time per cpu of %zu containers: %.0f us, bare iterator %.0f us, ratio %.2f\n", kContainers,
                times.median("walk_cgroups"), times.median("bare_cgroups"), cgroups_ratio);
    std::printf("states of %.0f threads: %.0f us, bare iterator %.0f us, %.2f us a thread\n", threads,
                times.median("walk_threads"), times.median("bare_threads"), a_thread);
    std::printf("both and the readings: %.0f us\n", times.median("whole_reading"));
    well = cgroups_ratio <= kAllowed && a_thread <= kAllowedMicrosecondsAThread;
  }
  const std::optional<double> microseconds = wide(times, mount->path);
  if (!microseconds) return skip("no wide rows");
  std::printf("whole reading of %zu containers as if of %u cpus: %.0f us\n", kManyContainers, kWide, *microseconds);
  return well ? 0 : 1;
}

}  // namespace
}  // namespace benchd

int main(int argc, char** argv) {
  return benchd::run(argc, argv);
}
