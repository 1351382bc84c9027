#pragma once

#include <cstdint>
#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace benchd::campaign {

/// The cgroup of one run: nothing was in it before, and it is empty when the run is over.
class RunCgroup {
 public:
  /// Makes `path`. EEXIST where it is there.
  static base::Result<RunCgroup> make(const std::string& path);
  /// One that somebody else has just made.
  static base::Result<RunCgroup> adopt(const std::string& path);
  RunCgroup(RunCgroup&& other) noexcept = default;
  RunCgroup& operator=(RunCgroup&&) = delete;
  RunCgroup(const RunCgroup&) = delete;
  RunCgroup& operator=(const RunCgroup&) = delete;
  /// Kills what is in it, and removes it.
  ~RunCgroup();

  const std::string& path() const { return path_; }
  uint64_t id() const { return id_; }
  /// Open as long as this lives.
  int directory() const { return directory_.get(); }
  /// poll(POLLPRI) tells of a change of cgroup.events, at most every 10 ms (kernel/cgroup/cgroup.c,
  /// CGROUP_FILE_NOTIFY_MIN_INTV): what happens sooner after the last one is told late.
  int events() const { return events_.get(); }

  /// Whether a process is in it or below it. Zombies are none.
  bool populated() const;
  /// SIGKILL to everything in it and below it, forks under way included (cgroup.kill, Linux 5.14; else one by one).
  void kill() const;
  /// When nothing is in it: removes it, and is without effect from then on.
  base::Result<base::Done> remove();

 private:
  RunCgroup(std::string path, base::Fd directory, base::Fd events, uint64_t id)
      : path_(std::move(path)), directory_(std::move(directory)), events_(std::move(events)), id_(id) {}

  std::string path_;
  base::Fd directory_;
  base::Fd events_;
  uint64_t id_;
};

/// Kills everything in the cgroup at `path` and below it and removes all of it. Nothing happens where there is none.
/// An Error where something outlives SIGKILL for 10 s.
base::Result<base::Done> clear_cgroup(const std::string& path);

}  // namespace benchd::campaign
