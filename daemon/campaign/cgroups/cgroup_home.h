#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "collectors/cgroup/mount.h"
#include "daemon/campaign/cgroups/run_cgroup.h"

namespace benchd::campaign {

inline constexpr const char* kHomePrefix = "benchd-bench-";

/// Where the cgroups of a campaign's runs are made:
///   where systemd runs, a transient scope of benchd's own, delegated to it: of the system for root, else of the user
///   else a directory below benchd's own cgroup, or below the root of the cgroup2 mount
class CgroupHome {
 public:
  struct Options {
    std::string name;  ///< of this process alone, behind kHomePrefix
    std::string proc = "/proc";
    std::string systemd = "/run/systemd/system";  ///< is there where systemd runs (sd_booted(3))
    cgroup::MountOptions mount;
  };

  /// What processes that were killed left here is killed and removed. The Error says how to come to a cgroup.
  static base::Result<CgroupHome> make(const Options& options);
  CgroupHome(CgroupHome&& other) noexcept = default;
  CgroupHome& operator=(CgroupHome&&) = delete;
  CgroupHome(const CgroupHome&) = delete;
  CgroupHome& operator=(const CgroupHome&) = delete;
  /// Removes it, and what came to the place of one that was killed. A scope goes with the process.
  ~CgroupHome();

  base::Result<RunCgroup> make_run(const std::string& name) const { return RunCgroup::make(path_ + '/' + name); }

  const std::string& path() const { return path_; }
  /// The unit that it is; empty: it is a directory.
  const std::string& scope() const { return scope_; }
  const cgroup::Mount& mount() const { return mount_; }
  /// That its children have.
  const std::vector<std::string>& controllers() const { return controllers_; }

 private:
  CgroupHome(std::string path, std::string scope, base::Fd lock, cgroup::Mount mount);

  std::string path_;
  std::string scope_;
  cgroup::Mount mount_;
  std::vector<std::string> controllers_;
  base::Fd lock_;  ///< flock of the directory: its process lives. None: it is a scope
};

}  // namespace benchd::campaign
