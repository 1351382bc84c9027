#pragma once

#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "base/interrupts.h"
#include "base/result.h"
#include "daemon/campaign/cgroups/cgroup_home.h"
#include "daemon/campaign/definition/definition.h"
#include "daemon/campaign/engine/containers.h"
#include "daemon/campaign/spawn.h"
#include "model/run_record.h"

namespace benchd::campaign {

/// The services of a campaign: up from start() until this goes, each in a cgroup of its own. The campaign is at its end
/// when one of them is.
class Services {
 public:
  struct Parts {
    const std::vector<Service>& services;
    const CgroupHome& home;
    base::Interrupts& interrupts;
    Containers* containers = nullptr;  ///< null where none of them is one
    bool inherit_output = false;       ///< of local ones
  };
  static base::Result<Services> make(const Parts& parts);

  /// What would keep one of them from starting.
  base::Result<base::Done> check();
  /// Starts one after the other, each when the one before it is ready. ECANCELED: interrupted.
  base::Result<base::Done> start();

  /// poll(POLLIN): one of them may have ended.
  int fd() const { return changes_.get(); }
  /// An Error says which one has ended, and how.
  base::Result<base::Done> check_up();

  /// What they use between the two is said of the variant, and of the run.
  void run_begins();
  std::vector<model::ServiceUse> run_ends(const std::string& variant);
  /// A line for each of them: what it used, for the reader of the verdict.
  std::vector<std::string> usage() const;

 private:
  struct Up {
    const Service* service;
    std::optional<Container> container;
    std::optional<RunCgroup> own;  ///< of a local one
    std::optional<Child> child;
    std::optional<uint64_t> before_usec;  ///< when the run at hand began
    struct Use {
      uint64_t usec = 0;
      uint64_t runs = 0;
    };
    std::map<std::string, Use> by_variant;

    const RunCgroup& cgroup() const { return own ? *own : container->cgroup(); }
  };

  Services(const Parts& parts, base::Fd changes, base::Fd null)
      : parts_(parts), changes_(std::move(changes)), null_(std::move(null)) {}

  base::Result<base::Done> start_local(Up& up);
  base::Result<base::Done> start_container(Up& up);
  base::Result<base::Done> wait_until_ready(Up& up);
  base::Error how_it_ended(Up& up);

  Parts parts_;
  base::Fd changes_;  ///< epoll of every service's cgroup.events
  base::Fd null_;
  std::map<std::string, Program> programs_;  ///< by service
  std::list<Up> up_;
};

}  // namespace benchd::campaign
