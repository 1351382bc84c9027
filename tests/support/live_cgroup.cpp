#include "support/live_cgroup.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "collectors/cgroup/mount.h"

namespace benchd {
namespace {

namespace fs = std::filesystem;

/// A cgroup goes only when its last process is quite gone, which is a moment after it was waited for.
void remove_tree(const std::string& path) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(path, ignored)) {
    if (entry.is_directory(ignored)) remove_tree(entry.path());
  }
  wait_until([&] { return ::rmdir(path.c_str()) == 0 || errno == ENOENT; }, ("rmdir " + path).c_str());
}

}  // namespace

Worker::Worker(const std::function<void()>& work) : pid_(::fork()) {
  if (pid_ != 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  work();
  ::_exit(0);
}

Worker::~Worker() {
  if (reaped_) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

bool Worker::finished() {
  reaped_ = reaped_ || ::waitpid(pid_, nullptr, WNOHANG) == pid_;
  return reaped_;
}

void LiveCgroup::SetUp() {
  const auto mount = cgroup::find_mount();
  if (!mount) GTEST_SKIP() << mount.error().message();
  const std::string path = mount->path + "/benchd-test-" + std::to_string(::getpid());
  if (::mkdir(path.c_str(), 0755) != 0) GTEST_SKIP() << base::errno_error("mkdir " + path).message();
  path_ = path;
}

void LiveCgroup::TearDown() {
  if (!path_.empty()) remove_tree(path_);
}

void LiveCgroup::make(const std::string& cgroup) const {
  ASSERT_TRUE(fs::create_directories(path(cgroup)));
}

void LiveCgroup::remove(const std::string& cgroup) const {
  remove_tree(path(cgroup));
}

void LiveCgroup::write(const std::string& file, const std::string& text) const {
  std::ofstream stream(path(file));
  stream << text << std::flush;
  ASSERT_TRUE(stream.good()) << "write " << text << " to " << path(file);
}

std::string LiveCgroup::read(const std::string& file) const {
  const auto text = base::read_text(path(file));
  return text ? *text : "";
}

void LiveCgroup::put(const Worker& worker, const std::string& cgroup) const {
  write(cgroup + "/cgroup.procs", std::to_string(worker.pid()));
}

void wait_until(const std::function<bool()>& done, const char* what) {
  using namespace std::chrono_literals;
  for (const auto end = std::chrono::steady_clock::now() + 30s; std::chrono::steady_clock::now() < end;) {
    if (done()) return;
    std::this_thread::sleep_for(1ms);
  }
  FAIL() << "waited half a minute for: " << what;
}

}  // namespace benchd
