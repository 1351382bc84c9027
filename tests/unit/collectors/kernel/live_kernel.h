#pragma once

#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "collectors/kernel/kernel_collector.h"
#include "collectors/kernel/programs/load.h"
#include "support/live_cgroup.h"

/// What tests need that load the kernel programs on this machine.
namespace benchd::kernel {

inline uint64_t id_of(const std::string& directory) {
  struct stat about {};
  return ::stat(directory.c_str(), &about) == 0 ? about.st_ino : 0;
}

inline uint64_t usage_usec(const std::string& directory) {
  const std::string text = *base::read_text(directory + "/cpu.stat");
  return *base::parse_integer(base::trim(std::string_view(text).substr(11, text.find('\n') - 11)));
}

inline int64_t cpu_clock(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return time.tv_sec * base::kSecond + time.tv_nsec;
}

inline void burn(int64_t nanoseconds) {
  const int64_t end = cpu_clock(CLOCK_THREAD_CPUTIME_ID) + nanoseconds;
  while (cpu_clock(CLOCK_THREAD_CPUTIME_ID) < end) {
  }
}

inline void pin(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  ::sched_setaffinity(0, sizeof set, &set);
}

inline void join(const std::string& directory) {
  std::ofstream(directory + "/cgroup.procs") << ::getpid();
}

/// Runs `work` in a process that is in the cgroup, to its end. It sleeps first: what was not added yet to its time when
/// it comes in, up to a tick, is charged to the cgroup.
inline void run_in(const std::string& directory, const std::function<void()>& work) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::usleep(1);
    join(directory);
    work();
    ::_exit(0);
  }
  ::waitpid(pid, nullptr, 0);
}

/// Has children that do nothing but end, one after the other.
inline void fork_and_end(int children) {
  for (int i = 0; i < children; ++i) {
    const pid_t pid = ::fork();
    if (pid == 0) ::_exit(0);
    ::waitpid(pid, nullptr, 0);
  }
}

/// Numbers that processes of run_in() write, too.
template <class T>
class Shared {
 public:
  explicit Shared(size_t count)
      : bytes_(count * sizeof(T)),
        values_(static_cast<T*>(::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {}
  ~Shared() { ::munmap(values_, bytes_); }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

  T& operator[](size_t i) const { return values_[i]; }

 private:
  const size_t bytes_;
  T* const values_;
};

/// A cgroup goes only when its last process is quite gone.
inline void remove_soon(const std::string& directory) {
  while (::rmdir(directory.c_str()) != 0 && errno == EBUSY) ::usleep(100);
}

/// Before 6.18 a cgroup can be removed while its last task is still on its cpu, and is charged for that later.
inline bool charges_late() {
  utsname kernel{};
  ::uname(&kernel);
  int major = 0;
  int minor = 0;
  std::sscanf(kernel.release, "%d.%d", &major, &minor);
  return major < 6 || (major == 6 && minor < 18);
}

class Finals : public RemovalListener {
 public:
  void cgroup_removed(uint64_t id, std::string_view path, const Final& final) override {
    EXPECT_TRUE(!finals.contains(id) || path.empty()) << "told twice";
    finals[id] = final;
    if (!path.empty()) paths[id] = path;
  }
  std::map<uint64_t, Final> finals;
  std::map<uint64_t, std::string> paths;
};

class LiveKernel : public LiveCgroup {
 protected:
  explicit LiveKernel(uint32_t cpus = 0) : cpus_(cpus) {}

  void SetUp() override {
    LiveCgroup::SetUp();
    if (IsSkipped()) return;
    prepare();
    load();
  }

  /// As a benchd does that starts; what was there before is forgotten.
  void load() {
    collector_.reset();
    auto handles = load_programs(cpus_);
    if (!handles) GTEST_SKIP() << handles.error().message();
    charges_late_ = charges_late();
    removed_ = base::Fd(::fcntl(handles->get(base::KernelHandle::Removed), F_DUPFD_CLOEXEC, 0));
    late_ = base::Fd(::fcntl(handles->get(base::KernelHandle::Late), F_DUPFD_CLOEXEC, 0));
    base::CpuSet online;
    for (long cpu = 0; cpu < ::sysconf(_SC_NPROCESSORS_ONLN); ++cpu) online.set(static_cast<size_t>(cpu));
    auto collector = KernelCollector::make(std::move(*handles), online);
    ASSERT_TRUE(collector) << collector.error().message();
    collector_ = std::move(*collector);
  }

  /// Before the programs are loaded.
  virtual void prepare() {}

  void start(const std::string& cgroup, ShownBefore before = {}) {
    auto directory = base::open_directory(AT_FDCWD, path(cgroup).c_str());
    ASSERT_TRUE(directory);
    ids_.push_back(id_of(path(cgroup)));
    collector_->started(ids_.back(), directory->get(), std::move(before));
    directories_.push_back(std::move(*directory));
  }

  model::Reading read(const std::string& cgroup) {
    model::Reading reading;
    reading.values.set(model::Field::CpuUsage, usage_usec(path(cgroup)));
    collector_->look_at_threads();
    collector_->look_at_cpus();
    collector_->read(id_of(path(cgroup)), reading);
    return reading;
  }

  std::string path_below_mount() const { return "/" + std::filesystem::path(path()).filename().string(); }

  const uint32_t cpus_;  ///< wider rows than this machine's
  bool charges_late_ = false;
  base::Fd removed_;  ///< the programs' maps
  base::Fd late_;
  std::unique_ptr<KernelCollector> collector_;
  Finals finals_;
  std::vector<uint64_t> ids_;
  std::vector<base::Fd> directories_;
};

}  // namespace benchd::kernel
