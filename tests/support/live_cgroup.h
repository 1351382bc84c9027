#pragma once

#include <functional>
#include <string>

#include <gtest/gtest.h>
#include <sys/types.h>

namespace benchd {

/// A process that does `work` for ever, or until it returns; killed and waited for at the end.
class Worker {
 public:
  explicit Worker(const std::function<void()>& work);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  pid_t pid() const { return pid_; }
  /// Whether it has returned by itself.
  bool finished();

 private:
  pid_t pid_;
  bool reaped_ = false;
};

/// A cgroup of the test's own in this machine's cgroup2, removed at the end with all below it. Every process in it must
/// have ended by then.
class LiveCgroup : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  std::string path(const std::string& below = "") const { return below.empty() ? path_ : path_ + "/" + below; }
  void make(const std::string& cgroup) const;
  void remove(const std::string& cgroup) const;
  void write(const std::string& file, const std::string& text) const;
  std::string read(const std::string& file) const;
  void put(const Worker& worker, const std::string& cgroup) const;

 private:
  std::string path_;
};

/// Waits until `done`, at most half a minute; then the test fails.
void wait_until(const std::function<bool()>& done, const char* what);

}  // namespace benchd
